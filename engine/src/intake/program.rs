//! A feed row, made into what the scanner follows: one tree of the names on all its paths.
//!
//! Python writes it, from the row and from nothing else (`feeds/reading/compiled.py`). A line is one thing, its words parted by tabs:
//!
//! ```text
//! bytes 4194304                                  longer frames are not read
//! order newest_first                             how rows of one time stand; `oldest_first` when not said
//! time unix_ms                                   or rfc3339, unix_s, unix_us, unix_ns
//! sequence sequence_num                          a number of the frame that rises by one
//! match .arg .channel =trades                    every match must hold: =text #number !true ~glob * (there) - (not there)
//! rows .events [type=update] .trades []          the way to the rows; alone, `rows` is the frame itself
//! price row price · symbol frame channel · time row ts          where each stands
//! cut after live_trades_ · cut before .detail    what of the symbol counts
//! ```

/// Most names under one name, so that those met in one object fit a mask.
const MEMBERS_MAX: usize = 64;
/// Most conditions of a row.
pub const TERMS_MAX: usize = 16;
const NODES_MAX: usize = 512;

/// How a venue writes a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFormat {
    /// `2026-11-20T07:39:59.9Z`
    Rfc3339,
    /// Unix time in a unit that is so many decimals coarser than a nanosecond.
    Unix(u32),
}

/// A part of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The digits.
    Price,
    /// The venue's spelling of the market.
    Symbol,
    /// When it was.
    Time,
}

/// What a value is kept as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// What a condition is about.
    Term(u8),
    /// A part of every trade of the frame.
    Frame(Field),
    /// A part of the trade of the row at hand.
    Row(Field),
    /// The frame's number.
    Sequence,
}

/// What a condition wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// That text.
    Text(Box<[u8]>),
    /// That whole number, as written.
    Number(Box<[u8]>),
    /// True or false.
    Flag(bool),
    /// A text in which a star stands for anything: the pieces between the stars, two at least.
    Glob(Vec<Box<[u8]>>),
    /// Anything but null.
    Present,
    /// Nothing, or null.
    Absent,
}

/// What of a symbol counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// What follows it.
    After(Box<[u8]>),
    /// What precedes it.
    Before(Box<[u8]>),
}

/// One place on the ways.
#[derive(Debug, Default)]
pub struct Node {
    /// The names that lead on.
    pub members: Vec<(Box<[u8]>, u16)>,
    /// Every element leads on there.
    pub each: Option<u16>,
    /// A lone object counts as an element and is read there, for names may lead on from it as well.
    pub lone: Option<u16>,
    /// This is a row.
    pub is_row: bool,
    /// Which member must be which text, or the frame is none of ours.
    pub filter: Option<(u16, Box<[u8]>)>,
    /// What its value is kept as.
    pub keeps: Vec<Keep>,
}

/// A feed row as the scanner follows it.
#[derive(Debug)]
pub struct Program {
    /// The tree; the first is the frame.
    pub nodes: Vec<Node>,
    /// What each condition wants; any of these.
    pub terms: Vec<Vec<Wanted>>,
    /// Longer frames are not read.
    pub bytes_max: usize,
    /// Of rows with one time the first is the newest.
    pub is_newest_first: bool,
    /// How times are written.
    pub time: TimeFormat,
    /// Whether price, symbol and time stand in the frame, not in the row.
    pub in_frame: [bool; 3],
    /// What of the symbol counts.
    pub cuts: Vec<Cut>,
    /// Whether frames are numbered.
    pub has_sequence: bool,
}

impl Program {
    /// Read what Python wrote; None when it says something we do not follow.
    pub fn of(text: &str) -> Option<Self> {
        let mut program = Self {
            nodes: vec![Node::default()],
            terms: Vec::new(),
            bytes_max: 0,
            is_newest_first: false,
            time: TimeFormat::Rfc3339,
            in_frame: [false; 3],
            cuts: Vec::new(),
            has_sequence: false,
        };
        let (mut row, mut fields) = (None, Vec::new());
        for line in text.lines() {
            let words: Vec<&str> = line.split('\t').collect();
            match *words.first()? {
                "bytes" => program.bytes_max = words.get(1)?.parse().ok()?,
                "order" => program.is_newest_first = *words.get(1)? == "newest_first",
                "time" if !matches!(*words.get(1)?, "row" | "frame") => program.time = time_format(words[1])?,
                "sequence" => {
                    program.has_sequence = true;
                    let place = program.walk(0, &words[1..])?;
                    program.keep(place, Keep::Sequence);
                }
                "match" => program.add_term(&words[1..])?,
                "rows" => row = Some(program.rows_at(&words[1..])?),
                "price" => fields.push((Field::Price, words)),
                "symbol" => fields.push((Field::Symbol, words)),
                "time" => fields.push((Field::Time, words)),
                "cut" => program.cuts.push(match (*words.get(1)?, *words.get(2)?) {
                    ("after", text) => Cut::After(text.as_bytes().into()),
                    ("before", text) => Cut::Before(text.as_bytes().into()),
                    _ => return None,
                }),
                _ => return None,
            }
        }
        for (field, words) in &fields {
            program.add_field(*field, words, row?)?;
        }
        for place in 0..program.nodes.len() {
            if let Some(element) = program.nodes[place].each {
                program.nodes[place].lone = Some(program.merged(element, place as u16)?);
            }
        }
        let is_whole = fields.len() == 3 && program.bytes_max > 0 && !program.terms.is_empty() && program.nodes.len() <= NODES_MAX;
        (is_whole && program.nodes.iter().all(|node| node.members.len() <= MEMBERS_MAX)).then_some(program)
    }

    /// Return a place from which all leads on that does from an element and from where it stands, when it stands there alone.
    fn merged(&mut self, element: u16, stands: u16) -> Option<u16> {
        if self.nodes[usize::from(stands)].members.is_empty() {
            return Some(element);
        }
        if self.nodes[usize::from(element)].each.is_some() {
            return None;
        }
        let merged = self.add_node();
        let Node { members, is_row, filter, keeps, .. } = &self.nodes[usize::from(element)];
        let made = Node { members: members.clone(), is_row: *is_row, filter: filter.clone(), keeps: keeps.clone(), ..Node::default() };
        self.nodes[usize::from(merged)] = made;
        for (name, place) in self.nodes[usize::from(stands)].members.clone() {
            let known = self.nodes[usize::from(merged)].members.iter().position(|member| member.0 == name);
            if let Some(known) = known {
                let both = self.both(self.nodes[usize::from(merged)].members[known].1, place)?;
                self.nodes[usize::from(merged)].members[known].1 = both;
            } else {
                self.nodes[usize::from(merged)].members.push((name, place));
            }
        }
        Some(merged)
    }

    /// Return a place that keeps what two keep, from neither of which anything leads on.
    fn both(&mut self, one: u16, other: u16) -> Option<u16> {
        let (one, other) = (&self.nodes[usize::from(one)], &self.nodes[usize::from(other)]);
        let are_ends = [one, other].iter().all(|node| node.members.is_empty() && node.each.is_none() && !node.is_row);
        let keeps = one.keeps.iter().chain(&other.keeps).copied().collect();
        are_ends.then(|| {
            let both = self.add_node();
            self.nodes[usize::from(both)].keeps = keeps;
            both
        })
    }

    fn add_term(&mut self, words: &[&str]) -> Option<()> {
        let steps = words.iter().take_while(|word| word.starts_with('.')).count();
        let names: Vec<&str> = words[..steps].iter().map(|word| &word[1..]).collect();
        let wanted = words[steps..].iter().map(|word| wanted(word)).collect::<Option<Vec<_>>>()?;
        if wanted.is_empty() || names.is_empty() || self.terms.len() == TERMS_MAX {
            return None;
        }
        let place = self.walk(0, &names)?;
        self.keep(place, Keep::Term(self.terms.len() as u8));
        self.terms.push(wanted);
        Some(())
    }

    fn add_field(&mut self, field: Field, words: &[&str], row: u16) -> Option<()> {
        let is_in_frame = match *words.get(1)? {
            "frame" => true,
            "row" => false,
            _ => return None,
        };
        let names = words.get(2..).filter(|names| !names.is_empty())?;
        let place = self.walk(if is_in_frame { 0 } else { row }, names)?;
        self.in_frame[field as usize] = is_in_frame;
        self.keep(place, if is_in_frame { Keep::Frame(field) } else { Keep::Row(field) });
        Some(())
    }

    fn rows_at(&mut self, steps: &[&str]) -> Option<u16> {
        let mut place = 0;
        for step in steps {
            if let Some(name) = step.strip_prefix('.') {
                place = self.walk(place, &[name])?;
                continue;
            }
            let inside = step.strip_prefix('[')?.strip_suffix(']')?;
            let element = self.add_node();
            self.nodes[usize::from(place)].each.replace(element).is_none().then_some(())?;
            if let Some((key, value)) = inside.split_once('=') {
                self.walk(element, &[key])?;
                self.nodes[usize::from(element)].filter = Some((0, value.as_bytes().into()));
            } else if !inside.is_empty() {
                return None;
            }
            place = element;
        }
        self.nodes[usize::from(place)].is_row = true;
        Some(place)
    }

    /// Return where names lead from a place, making the way where there is none.
    fn walk(&mut self, from: u16, names: &[&str]) -> Option<u16> {
        let mut place = from;
        for name in names {
            let known = self.nodes[usize::from(place)].members.iter().find(|member| *member.0 == *name.as_bytes()).map(|member| member.1);
            place = match known {
                Some(known) => known,
                None if name.is_empty() => return None,
                None => {
                    let made = self.add_node();
                    self.nodes[usize::from(place)].members.push((name.as_bytes().into(), made));
                    made
                }
            };
        }
        (self.nodes.len() <= NODES_MAX).then_some(place)
    }

    fn add_node(&mut self) -> u16 {
        self.nodes.push(Node::default());
        (self.nodes.len() - 1) as u16
    }

    fn keep(&mut self, place: u16, keep: Keep) {
        self.nodes[usize::from(place)].keeps.push(keep);
    }
}

fn time_format(word: &str) -> Option<TimeFormat> {
    Some(match word {
        "rfc3339" => TimeFormat::Rfc3339,
        "unix_s" => TimeFormat::Unix(9),
        "unix_ms" => TimeFormat::Unix(6),
        "unix_us" => TimeFormat::Unix(3),
        "unix_ns" => TimeFormat::Unix(0),
        _ => return None,
    })
}

fn wanted(word: &str) -> Option<Wanted> {
    let (kind, rest) = word.split_at_checked(1)?;
    Some(match kind {
        "=" => Wanted::Text(rest.as_bytes().into()),
        "#" => Wanted::Number(rest.as_bytes().into()),
        "!" => Wanted::Flag(rest == "true"),
        "~" => Wanted::Glob(rest.split('*').map(|piece| piece.as_bytes().into()).collect()),
        "*" if rest.is_empty() => Wanted::Present,
        "-" if rest.is_empty() => Wanted::Absent,
        _ => return None,
    })
}

impl Wanted {
    /// Return whether a text is surely wanted.
    pub fn takes_text(&self, text: &[u8]) -> bool {
        match self {
            Self::Text(wanted) => **wanted == *text,
            Self::Glob(pieces) => is_made_of(text, pieces),
            Self::Present => true,
            Self::Number(_) | Self::Flag(_) | Self::Absent => false,
        }
    }
}

/// Return whether the pieces stand in `text` in their order, the first at its beginning and the last at its end.
fn is_made_of(text: &[u8], pieces: &[Box<[u8]>]) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let Some(mut rest) = text.strip_prefix(&**first).and_then(|rest| rest.strip_suffix(&**last)) else { return false };
    for piece in middle {
        match memchr::memmem::find(rest, piece) {
            Some(place) => rest = &rest[place + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_says_what_we_do_not_follow_is_not_taken() {
        let whole = "bytes\t100\ntime\tunix_ms\nmatch\t.a\t=b\nrows\t.rows\t[]\nprice\trow\tp\nsymbol\trow\ts\ntime\trow\tt";
        assert!(Program::of(whole).is_some());
        for line in [
            "match\t.a",
            "match\t=b",
            "match\t.a\t?b",
            "rows\t.rows\t[0]",
            "price\tcell\tp",
            "cut\tinto\tx",
            "whatever",
            "match\t.rows\t.p\t.x\t*",
        ] {
            assert!(Program::of(&format!("{whole}\n{line}")).is_none(), "{line:?}");
        }
        for line in whole.lines().filter(|line| !line.starts_with("time\tunix")) {
            assert!(Program::of(&whole.replace(line, "order\toldest_first")).is_none(), "{line:?}");
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        let pieces = |glob: &str| wanted(&format!("~{glob}")).unwrap();
        for (glob, text, fits) in [
            ("a*", "abc", true),
            ("a*", "ba", false),
            ("*c", "abc", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c", false),
            ("ab*bc", "abc", false),
        ] {
            assert_eq!(pieces(glob).takes_text(text.as_bytes()), fits, "{glob} {text}");
        }
    }
}
