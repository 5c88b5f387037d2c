//! Where what somebody wrote ends and what they answer begins.
//!
//! Programs put a line above what they quote ("On Tuesday … wrote:"), a block of header lines, or nothing but a `>` in front of each
//! line; people answer above it, below it or in between. History is only what stands at the end of a message: what is answered in
//! between belongs to the answer, and what is forwarded is what the message is about.

use crate::search::words::folded;

/// More lines than that are not looked at: whoever wrote so much is read as it is.
const MOST: usize = 4000;
/// An attribution is no longer than this, in lines and in octets.
const LINES: usize = 4;
const LONGEST: usize = 500;

/// "wrote", as it stands in attributions, folded.
const WROTE: &[&str] = &[
    "wrote",
    "escreveu",
    "escribio",
    "a ecrit",
    "ha scritto",
    "scrisse",
    "schrieb",
    "hat geschrieben",
    "schreef",
    "heeft geschreven",
    "geschreven",
    "skrev",
    "skreiv",
    "kirjoitti",
    "napisal",
    "napisala",
    "napisal(a)",
    "napsal",
    "napsala",
    "napsal(a)",
    "пишет",
    "писал",
    "написал",
    "написала",
    "написал(а)",
    "пише",
    "написав",
    "escrigue",
    "va escriure",
    "a scris",
    "irta",
    "yazdi",
    "egrapse",
    "εγραψε",
    "schreibt",
    "escribe",
    "ecrivait",
    "ecrit",
    "写道",
    "寫道",
    "书写",
    "書きました",
    "のメール",
    "님이 작성",
    "작성:",
    "כתב",
    "كتب",
    "viet",
    "da viet",
    "menulis",
    "wrote ----",
];

/// How attributions begin, folded: "on", and the same elsewhere.
const OPENERS: &[&str] = &[
    "on",
    "em",
    "no dia",
    "na",
    "le",
    "el",
    "il",
    "in data",
    "am",
    "op",
    "den",
    "pa",
    "w dniu",
    "dnia",
    "в",
    "dana",
    "dne",
    "la",
    "tarihinde",
    "at",
    "a la",
    "ngay",
    "pada",
    "vao",
];

/// Days as they are cut short at the beginning of an attribution, folded.
const DAYS: &[&str] = &[
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "seg", "ter", "qua", "qui", "sex", "sab", "dom", "lun",
    "mar", "mer", "jeu", "ven", "sam", "dim", "mie", "jue", "vie", "man", "tir", "ons", "tors", "tor", "fre",
    "lor", "son", "ma", "ti", "ke", "to", "pe", "la", "su", "di", "wo", "do", "vr", "za", "zo", "pon", "wt",
    "sr", "czw", "pt", "sob", "ndz", "пн", "вт", "ср", "чт", "пт", "сб", "вс",
];

/// The field of a quoted header that names the author, folded.
const FROM: &[&str] = &[
    "from",
    "de",
    "von",
    "van",
    "od",
    "fra",
    "fran",
    "lahettaja",
    "da",
    "expeditor",
    "kimden",
    "от",
    "от кого",
    "від",
    "发件人",
    "寄件者",
    "差出人",
    "보낸 사람",
];

/// Its other fields, folded.
const OTHERS: &[&str] = &[
    "sent",
    "date",
    "to",
    "subject",
    "cc",
    "reply-to",
    "enviado",
    "enviada em",
    "enviado em",
    "enviado el",
    "para",
    "assunto",
    "asunto",
    "data",
    "fecha",
    "envoye",
    "envoye le",
    "objet",
    "a",
    "sujet",
    "copie a",
    "gesendet",
    "datum",
    "an",
    "betreff",
    "verzonden",
    "aan",
    "onderwerp",
    "sendt",
    "dato",
    "til",
    "emne",
    "skickat",
    "till",
    "amne",
    "lahetetty",
    "paivays",
    "vastaanottaja",
    "aihe",
    "wyslano",
    "wyslane",
    "do",
    "temat",
    "inviato",
    "oggetto",
    "kime",
    "konu",
    "tarih",
    "отправлено",
    "дата",
    "кому",
    "тема",
    "копия",
    "发送时间",
    "收件人",
    "主题",
    "日期",
    "送信日時",
    "宛先",
    "件名",
    "date et heure",
    "quando",
    "responder a",
    "message-id",
    "importance",
    "attachments",
];

/// Over what is answered, between dashes, folded.
const ORIGINAL: &[&str] = &[
    "original message",
    "mensagem original",
    "mensaje original",
    "message d'origine",
    "message original",
    "messaggio originale",
    "ursprungliche nachricht",
    "originalnachricht",
    "oorspronkelijk bericht",
    "oprindelig besked",
    "oprindelig meddelelse",
    "opprinnelig melding",
    "originalmelding",
    "ursprungligt meddelande",
    "originalmeddelande",
    "alkuperainen viesti",
    "wiadomosc oryginalna",
    "oryginalna wiadomosc",
    "исходное сообщение",
    "original mail",
    "reply message",
    "original appointment",
    "previous message",
    "mensagem anterior",
    "原始邮件",
    "original-nachricht",
];

/// Over what is forwarded, folded.
const FORWARDED: &[&str] = &[
    "forwarded message",
    "begin forwarded message",
    "mensagem encaminhada",
    "inicio da mensagem encaminhada",
    "mensaje reenviado",
    "message transfere",
    "weitergeleitete nachricht",
    "messaggio inoltrato",
    "doorgestuurd bericht",
    "videresendt",
    "vidarebefordrat",
    "пересылаемое сообщение",
    "forwarded by",
    "inicio del mensaje reenviado",
    "debut du message reexpedie",
    "edelleenlahetetty",
];

/// A line of the text.
struct Line<'t> {
    start: usize,
    text: &'t str,
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn is_quoted(&self) -> bool {
        let text = self.text.trim_start();
        // ">:" and "> wrote:" are ends of an address that was broken off.
        let rest = folded(text.trim_start_matches('>').trim());
        let ends = rest.strip_suffix(':').is_some_and(|said| said.is_empty() || WROTE.contains(&said));
        text.starts_with('>') && !ends
    }
}

/// Octet at which the history begins; the length of the text where there is none, or where nothing stands in front of it.
pub fn own_end(text: &str) -> usize {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n').take(MOST) {
        lines.push(Line { start, text: line.trim_end_matches(['\r', '\n']) });
        start += line.len();
    }
    let mut at = 0;
    while at < lines.len() {
        if is_forward(&lines, at) {
            break;
        }
        let Some(found) = history(&lines, at) else {
            at += 1;
            continue;
        };
        match found {
            // Something of the writer's own follows: an answer below, or in between.
            Found::Quoted(next) => at = next,
            Found::History => {
                let start = lines[said_above(&lines, at)].start;
                return if text[..start].trim_end().is_empty() { text.len() } else { start };
            }
        }
    }
    text.len()
}

enum Found {
    /// From here on all is history.
    History,
    /// A quotation that ends before this line.
    Quoted(usize),
}

fn history(lines: &[Line<'_>], at: usize) -> Option<Found> {
    let line = &lines[at];
    if line.is_blank() {
        return None;
    }
    if is_original(line.text) {
        return Some(Found::History);
    }
    let heads = if line.is_quoted() { Some(0) } else { attribution(lines, at) };
    if let Some(heads) = heads {
        let mut next = at + heads;
        while lines.get(next).is_some_and(Line::is_blank) {
            next += 1;
        }
        let quoted = lines.get(next).is_some_and(Line::is_quoted);
        if heads > 0 && !quoted {
            // Without a mark in front of each line nobody can tell where it ends.
            return Some(Found::History);
        }
        while lines.get(next).is_some_and(|l| l.is_quoted() || l.is_blank() || is_broken_off(lines, next)) {
            next += 1;
        }
        return Some(if is_nothing(&lines[next..]) { Found::History } else { Found::Quoted(next) });
    }
    (is_header(lines, at) || is_rule(lines, at)).then_some(Found::History)
}

/// Where the words above a quotation begin that say whose it is, however they say it: a few lines that end with a colon.
fn said_above(lines: &[Line<'_>], at: usize) -> usize {
    if !lines[at].is_quoted() {
        return at;
    }
    let blank = |n: usize| lines[n].is_blank();
    let last = match at {
        1.. if !blank(at - 1) => at - 1,
        2.. if !blank(at - 2) => at - 2,
        _ => return at,
    };
    let mut first = last;
    while first > 0 && !blank(first - 1) && last - first < 2 {
        first -= 1;
    }
    let above = first == 0 || blank(first - 1);
    let said: String = lines[first..=last].iter().map(|l| plain(l.text) + " ").collect();
    let digits = said.chars().filter(char::is_ascii_digit).count();
    let tells = digits >= 4 || said.contains('@') || WROTE.iter().any(|w| said.contains(w));
    if above && said.len() < LONGEST && tells && said.trim_end().ends_with([':', '：']) { first } else { at }
}

/// The rest of a quoted line that was too long for somebody on the way.
fn is_broken_off(lines: &[Line<'_>], at: usize) -> bool {
    let quoted = |line: Option<&Line<'_>>| line.is_some_and(|l| l.is_quoted() && !l.is_blank());
    at > 0 && quoted(lines.get(at - 1)) && quoted(lines.get(at + 1))
}

/// How many lines an attribution has that begins here.
fn attribution(lines: &[Line<'_>], at: usize) -> Option<usize> {
    if runs_on(lines[at].text) && is_nothing(&lines[at + 1..]) {
        return Some(1);
    }
    // Most lines are none, and are not looked at any closer.
    let may_end = |l: &Line<'_>| {
        let text = l.text.trim_end();
        text.ends_with([':', '：', '-', '*', '_']) || text.to_ascii_lowercase().ends_with("wrote")
    };
    if !lines[at..].iter().take(LINES).any(may_end) {
        return None;
    }
    let first = plain(lines[at].text);
    let opens = opens(&first);
    let after_blank = at == 0 || lines[at - 1].is_blank();
    if !opens && !after_blank {
        return None;
    }
    let mut joined = String::new();
    for (n, line) in lines[at..].iter().take(LINES).enumerate() {
        let this = plain(line.text);
        // A later line that begins like one is the beginning; a quotation or a blank line ends what it could be.
        if line.is_blank()
            || line.is_quoted()
            || (n > 0 && !opens && self::opens(&this))
            || joined.len() > LONGEST
        {
            return None;
        }
        joined.push_str(&this);
        joined.push(' ');
        if ends(joined.trim_end(), opens) {
            return Some(n + 1);
        }
    }
    None
}

/// Yahoo on Android writes all that it quotes behind the attribution, in the same line.
fn runs_on(line: &str) -> bool {
    if !(line.contains('@') && line.contains("> ")) {
        return false;
    }
    let said = plain(&line.chars().take(LONGEST).collect::<String>());
    opens(&said) && WROTE.iter().any(|wrote| said.contains(&format!("> {wrote}: ")))
}

/// A line folded, without the marks around it.
fn plain(line: &str) -> String {
    folded(line.trim().trim_start_matches(['-', '*', '_', ' ', '"']))
}

fn opens(line: &str) -> bool {
    let word = |list: &[&str]| {
        list.iter().any(|o| line.strip_prefix(o).is_some_and(|rest| rest.starts_with([' ', ',', '.', ':'])))
    };
    let dated = line.chars().take(30).any(|c| c.is_ascii_digit());
    dated && (word(OPENERS) || word(DAYS) || line.starts_with(|c: char| c.is_ascii_digit()))
        || (word(&["on"]) && line.contains("wrote"))
        || weekday(line)
}

/// "Wednesday, 17 November …"
fn weekday(line: &str) -> bool {
    let word = line.split([',', ' ']).next().unwrap_or_default();
    let named = ["day", "feira", "tag", "dag", "di"].iter().any(|end| word.ends_with(end));
    named && word.len() > 4 && line.chars().take(40).any(|c| c.is_ascii_digit())
}

/// Says who wrote and when, and ends as an attribution ends.
fn ends(line: &str, opens: bool) -> bool {
    let bare = line.trim_end_matches(['-', '*', '_', ' ']);
    let colon = bare.ends_with([':', '：']);
    let said = bare.trim_end_matches([':', '：', ' ']);
    let wrote = WROTE.iter().any(|w| said.ends_with(w))
        || (colon && WROTE.iter().any(|w| said.contains(&format!(" {w} "))));
    let digits = line.chars().filter(char::is_ascii_digit).count();
    let named = line.contains('@') || line.contains('<') || line.contains("mailto");
    match (colon, wrote) {
        (true, true) => (digits > 0 && opens) || named || (opens && line.starts_with("on ")),
        // "2013/11/5 John <john@…>:"
        (true, false) => opens && digits >= 4 && line.contains('@') && said.ends_with(['>', ')', ']']),
        (false, true) => opens && digits >= 4 && (named || line.contains(':')),
        (false, false) => false,
    }
}

/// "-----Original Message-----"
fn is_original(line: &str) -> bool {
    let dashed = |c: char| "-_=*".contains(c);
    let trimmed = line.trim().trim_start_matches(['>', ' ']);
    let between = trimmed.trim_matches(|c: char| dashed(c) || c == ' ');
    let dashes = trimmed.chars().take_while(|c| dashed(*c)).count();
    // Help desks put it over what they send; GroupWise writes ">>> Ana <ana@…> 10/22/15 21:02 >>>".
    let marked = line.starts_with("##-") && line.trim_end().ends_with("-##");
    let groupwise = line.starts_with(">>> ") && line.trim_end().ends_with(" >>>") && line.contains('@');
    if marked || groupwise || dashes == 0 || between.is_empty() || between.len() > 80 {
        return marked || groupwise;
    }
    let said = folded(between);
    let said = said.trim_end_matches(':');
    dashes >= 2 && ORIGINAL.iter().any(|o| said.starts_with(o)) || ORIGINAL.contains(&said)
}

fn is_forward(lines: &[Line<'_>], at: usize) -> bool {
    let line = lines[at].text.trim();
    if line.len() > 120 || line.starts_with('>') {
        return false;
    }
    let dashed = line.starts_with("--") || line.starts_with("__") || line.ends_with(':');
    if !dashed {
        return false;
    }
    let said = plain(line);
    FORWARDED.iter().any(|f| said.starts_with(f))
}

/// A field of a quoted header: its name, folded.
fn field(line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches(['>', ' ', '*', '|', '\t']);
    let (name, _) = line.split_once([':', '：'])?;
    let name = name.trim_end_matches(['*', ' ', '\u{a0}']);
    (name.chars().count() <= 20).then(|| folded(name))
}

/// "From: … Sent: … To: …", one under the other.
fn is_header(lines: &[Line<'_>], at: usize) -> bool {
    let named =
        |line: &Line<'_>, names: &[&str]| field(line.text).is_some_and(|f| names.contains(&f.as_str()));
    let after_words = at > 0
        && !lines[at - 1].is_blank()
        && !is_line(lines[at - 1].text)
        && field(lines[at - 1].text).is_none();
    if !named(&lines[at], FROM) && (after_words || !named(&lines[at], OTHERS)) {
        return false;
    }
    // Some put a blank line between the fields.
    let spaced =
        |n: usize| lines[at + n].is_blank() && lines.get(at + n + 1).is_none_or(|l| field(l.text).is_none());
    let end =
        (0..lines.len().min(at + 12) - at).find(|n| spaced(*n)).unwrap_or(lines.len().min(at + 12) - at);
    let block: Vec<&Line<'_>> = lines[at..at + end].iter().filter(|l| !l.is_blank()).collect();
    let from = block.iter().any(|l| named(l, FROM));
    let others = block.iter().filter(|l| named(l, OTHERS)).count();
    from && (others >= 2 || (others == 1 && block.len() <= 3 && block.iter().any(|l| l.text.contains('@'))))
}

/// A drawn line.
fn is_line(line: &str) -> bool {
    let line = line.trim().trim_start_matches(['>', ' ']);
    line.len() >= 4 && line.chars().all(|c| "-_=*".contains(c))
}

/// A drawn line over a quoted header, or over "Message of …" and that.
fn is_rule(lines: &[Line<'_>], at: usize) -> bool {
    if !is_line(lines[at].text) {
        return false;
    }
    let below = lines[at + 1..].iter().enumerate().filter(|(_, l)| !l.is_blank()).take(2);
    below.into_iter().any(|(n, _)| is_header(lines, at + 1 + n))
}

/// Nothing but a signature or what a list adds.
fn is_nothing(lines: &[Line<'_>]) -> bool {
    let first = lines.iter().find(|l| !l.is_blank());
    first.is_none_or(|l| {
        let text = l.text.trim_end();
        text == "--" || l.text == "-- " || is_line(text) || text.starts_with("__") || is_sent_from(text)
    })
}

/// "Sent from my …"
fn is_sent_from(line: &str) -> bool {
    const SENT: [&str; 9] = [
        "sent from my",
        "sent from ",
        "enviado do meu",
        "enviado de mi",
        "enviado desde",
        "envoye de",
        "enviado a partir",
        "von meinem",
        "inviato da",
    ];
    let said = folded(line.trim());
    line.len() < 80 && SENT.iter().any(|s| said.starts_with(s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What stands in front of the history; all of it where there is none.
    fn own(text: &str) -> &str {
        text[..own_end(text)].trim_end()
    }

    /// Each program's way in Portuguese.
    #[test]
    fn portuguese_answers() {
        let answers = [
            (
                "Gmail",
                "Em ter., 3 de mar. de 2026 às 09:15, Ana Prado <ana@exemplo.test>\nescreveu:\n\n> Oi\n> tudo bem?\n",
            ),
            (
                "Gmail, one line",
                "Em qua., 4 de mar. de 2026, 10:02, Ana <ana@exemplo.test> escreveu:\n\n> Oi\n",
            ),
            (
                "Outlook",
                "De: Ana Prado <ana@exemplo.test>\nEnviado: terça-feira, 3 de março de 2026 09:15\nPara: Beto <beto@exemplo.test>\nAssunto: RE: Obra\n\nOi\n",
            ),
            (
                "Outlook on the web",
                "________________________________\nDe: Ana Prado <ana@exemplo.test>\nEnviado: terça-feira, 3 de março de 2026 09:15\nPara: Beto\nAssunto: Obra\n\nOi\n",
            ),
            (
                "Outlook, older",
                "-----Mensagem original-----\nDe: Ana [mailto:ana@exemplo.test]\nEnviada em: terça-feira, 3 de março de 2026 09:15\nPara: Beto\nAssunto: Obra\n\nOi\n",
            ),
            (
                "Apple Mail",
                "> Em 3 de mar. de 2026, à(s) 09:15, Ana Prado <ana@exemplo.test> escreveu:\n> \n> Oi\n",
            ),
            (
                "iOS",
                "Enviado do meu iPhone\n\n> Em 3 de mar. de 2026, à(s) 09:15, Ana <ana@exemplo.test> escreveu:\n> \n> Oi\n",
            ),
            ("Thunderbird", "Em 03/03/2026 09:15, Ana Prado escreveu:\n> Oi\n"),
            ("UOL", "Em 3 de março de 2026 09:15, Ana <ana@uol.test> escreveu:\n\nOi\n"),
            (
                "Android, Samsung",
                "-------- Mensagem original --------\nDe: Ana <ana@exemplo.test>\nData: 03/03/2026 09:15 (GMT-03:00)\nPara: Beto <beto@exemplo.test>\nAssunto: Obra\n\nOi\n",
            ),
            (
                "Yahoo",
                "    Em terça-feira, 3 de março de 2026 09:15:00 BRT, Ana <ana@yahoo.test> escreveu:\n\n Oi\n",
            ),
            (
                "Zimbra",
                "----- Mensagem original -----\nDe: \"Ana\" <ana@exemplo.test>\nPara: \"Beto\" <beto@exemplo.test>\nEnviadas: Terça-feira, 3 de março de 2026 9:15:00\nAssunto: Obra\n\nOi\n",
            ),
        ];
        for (program, history) in answers {
            let text = format!("Pode ser na quinta.\n\nBeto\n\n{history}");
            let own = own(&text).trim_end_matches("Enviado do meu iPhone").trim_end();
            assert_eq!(own, "Pode ser na quinta.\n\nBeto", "{program}");
        }
    }

    #[test]
    fn other_languages() {
        for history in [
            "On Tue, Mar 3, 2026 at 9:15 AM Ana <ana@a.test> wrote:\n> Hi\n",
            "El mar, 3 mar 2026 a las 9:15, Ana (<ana@a.test>) escribió:\n\n> Hola\n",
            "Le mar. 3 mars 2026 à 09:15, Ana <ana@a.test> a écrit :\n\n> Salut\n",
            "Am 03.03.2026 um 09:15 schrieb Ana:\n> Hallo\n",
            "Il giorno mar 3 mar 2026 alle ore 09:15 Ana <ana@a.test> ha scritto:\n\n> Ciao\n",
            "Op di 3 mrt 2026 om 09:15 schreef Ana <ana@a.test>:\n\n> Hoi\n",
            "2026年3月3日(火) 9:15 Ana <ana@a.test>:\n\n> こんにちは\n",
            "вт, 3 мар. 2026 г. в 09:15, Ana <ana@a.test>:\n\n> Привет\n",
            "Von: Ana <ana@a.test>\nGesendet: Dienstag, 3. März 2026 09:15\nAn: Beto\nBetreff: AW: Bau\n\nHallo\n",
        ] {
            assert_eq!(own(&format!("Sim.\n\n{history}")), "Sim.", "{history}");
        }
    }

    #[test]
    fn what_is_no_history() {
        for text in [
            "Antes:\n\n> citado\n\nA minha resposta.\n",
            "Em 03/03/2026 09:15, Ana escreveu:\n> Oi\n\nRespondo abaixo.\n",
            "Olá.\n\nEm 03/03/2026 a Ana <ana@a.test> escreveu: tudo certo.\n\nEntão vamos.\n",
            "On the other hand, nobody wrote anything.\nFrom: our point of view that is fine.\n",
            "Segue.\n\n---------- Forwarded message ---------\nDe: Ana <ana@a.test>\nDate: ter\nSubject: x\nTo: y\n\nO texto.\n",
            "> só a citação\n",
            "O prazo é: 03/03/2026\nPara: quem quiser\n",
        ] {
            assert_eq!(own_end(text), text.len(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_is(text in "(>|On 3 a@b wrote:|De: a|Para: b|----|\n| |é|語){0,60}") {
            let end = own_end(&text);
            prop_assert!(text.is_char_boundary(end));
        }
    }
}
