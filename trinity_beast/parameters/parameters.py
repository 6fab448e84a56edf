"""The knobs of parameters themselves."""

from trinity_beast.parameters.model import Parameter

GROUP = "parameters"

REFRESH_SECONDS = Parameter(
    "parameter_refresh_seconds", group=GROUP, unit="s", default=60.0, least=1.0, most=3_600.0,
    help="How often a node looks at the stored parameters though nobody told it that they changed.",
)  # fmt: skip
DEPLOY_SECONDS = Parameter(
    "parameter_deploy_seconds", group=GROUP, unit="s", default=5.0, least=0.1, most=60.0,
    help="How long a forced deployment waits for every node to confirm before it names those that have not.",
)  # fmt: skip
