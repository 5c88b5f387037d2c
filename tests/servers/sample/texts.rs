//! Words for the sample mailbox. `{}` stands for a thing.

pub type Person = (&'static str, &'static str);

pub const PEOPLE: &[Person] = &[
    ("Beatriz Nunes", "bia@exemplo.test"),
    ("Caio Tavares", "caio@oficina.example"),
    ("Dalva Queiroz", "dalva@familia.example"),
    ("Érica Fonseca", "erica@estudio.example"),
    ("João Batista Rocha", "joao@obra.example"),
    ("Luísa Camargo", "luisa@aurora.example"),
    ("Márcio Viana", "marcio@aurora.example"),
    ("Tereza Assunção", "tereza@cartorio.example"),
    ("Emma Whitfield", "emma@northwind.example"),
    ("Oliver Grant", "oliver@harbour.example"),
    ("Priya Raman", "priya@northwind.example"),
    ("Noah Feldmann", "noah@harbour.example"),
    ("Lucía Herrero", "lucia@montaje.example"),
    ("Andrés Quispe", "andres@cusco.example"),
    ("Inés Valdivia", "ines@montaje.example"),
    ("Mateo Ibáñez", "mateo@cusco.example"),
];

/// Title, domain, colour, language.
pub const NEWSLETTERS: &[(&str, &str, &str, usize)] = &[
    ("Feira de Quinta", "feira.example", "#9a4a12", 0),
    ("Boletim da Horta", "horta.example", "#2d6a35", 0),
    ("Diário do Ciclista", "ciclista.example", "#0b5f8a", 0),
    ("The Harbour Letter", "harbour.example", "#1f3a5f", 1),
    ("Slow Kitchen Weekly", "kitchen.example", "#8a2f4a", 1),
    ("Correo de los Andes", "andes.example", "#7a3b8f", 2),
];

pub struct Language {
    /// Who writes in it: places in [`PEOPLE`].
    pub people: std::ops::Range<usize>,
    pub subjects: &'static [&'static str],
    pub things: &'static [&'static str],
    pub greetings: &'static [&'static str],
    pub sentences: &'static [&'static str],
    pub farewells: &'static [&'static str],
    pub wrote: &'static str,
    pub read_on: &'static str,
    pub way_out: &'static str,
    pub file: &'static str,
    pub sheet: &'static str,
    pub meeting: &'static str,
}

pub const LANGUAGES: &[Language] = &[
    Language {
        people: 0..8,
        subjects: &[
            "Sobre {}", "Dúvida: {}", "{}: próximos passos", "Fotos: {}", "Orçamento: {}", "Segunda via: {}",
            "Confirmado: {}", "Mudou o horário: {}", "Lembrete: {}", "Ata: {}", "{}, o que falta?",
        ],
        things: &[
            "a reforma da cozinha", "o relatório de outubro", "o aniversário da vó", "a viagem a Paraty", "o projeto Aurora",
            "a reunião de terça", "o conserto da bicicleta", "a matrícula das crianças", "o contrato do aluguel",
            "a horta do prédio", "o almoço de domingo", "a nota fiscal 3381", "a apresentação ao conselho", "o coral",
        ],
        greetings: &["Oi, Ana!", "Ana, tudo bem?", "Bom dia, Ana,", "Querida Ana,", "Prezada Ana,"],
        sentences: &[
            "Conversei com todos e {} fica para a semana que vem.", "Ainda falta a sua resposta sobre {}.",
            "Deixei anotado o que combinamos, para ninguém esquecer.", "Se preferir, ligo mais tarde e explico com calma.",
            "O valor ficou um pouco acima do que pensávamos, mas dá para dividir.", "Segue o que faltava para {}.",
            "Choveu o dia inteiro, então adiamos {} para sábado cedo.", "Achei que você ia gostar de saber antes dos outros.",
            "Pode confirmar até quinta-feira?", "Guardei uma cópia de tudo na pasta de sempre.",
        ],
        farewells: &["Um abraço,", "Beijos,", "Atenciosamente,", "Até logo,"],
        wrote: "Em seg., 16 de nov. de 2026 às 09:12, Ana Prado <ana@exemplo.test> escreveu:",
        read_on: "Continue lendo",
        way_out: "Você recebe este boletim porque se inscreveu. Para sair, responda com a palavra SAIR.",
        file: "comprovante",
        sheet: "despesas",
        meeting: "Conversa sobre o projeto Aurora",
    },
    Language {
        people: 8..12,
        subjects: &[
            "About {}", "Quick question on {}", "{}: next steps", "Pictures of {}", "Quote for {}", "Moved: {}",
            "Notes from {}", "Can we settle {}?", "Reminder: {}", "Draft of {}",
        ],
        things: &[
            "the harbour office", "the October figures", "the reading group", "your talk in Porto", "the Aurora hand-over",
            "Tuesday's call", "the garden fence", "the lease renewal", "the museum tickets", "the spring catalogue",
        ],
        greetings: &["Hi Ana,", "Dear Ana,", "Good morning Ana,", "Ana,"],
        sentences: &[
            "I spoke with everybody and {} can wait until next week.", "We still need your word on {}.",
            "I wrote down what we agreed, so that nobody has to remember it.", "Happy to call later and go through it slowly.",
            "It came out a little dearer than we thought, but we can share it.", "Here is what was missing for {}.",
            "It rained all day, so {} is now on Saturday morning.", "I thought you would like to hear it first.",
            "Could you confirm by Thursday?", "A copy of everything is in the usual folder.",
        ],
        farewells: &["Best wishes,", "Kind regards,", "See you soon,", "Thanks,"],
        wrote: "On Mon, 16 Nov 2026 at 09:12, Ana Prado <ana@exemplo.test> wrote:",
        read_on: "Read on",
        way_out: "You get this letter because you asked for it. To leave, reply with the word OUT.",
        file: "invoice",
        sheet: "expenses",
        meeting: "Aurora hand-over",
    },
    Language {
        people: 12..16,
        subjects: &[
            "Sobre {}", "Una duda: {}", "{}: próximos pasos", "Fotos: {}", "Presupuesto: {}", "Confirmado: {}",
            "Cambió la hora: {}", "Recordatorio: {}", "Acta: {}", "{}, ¿qué falta?",
        ],
        things: &[
            "el viaje a Cusco", "el informe de octubre", "el cumpleaños de Inés", "el montaje de la exposición",
            "la reunión del martes", "el contrato del taller", "la clase de cerámica", "el proyecto Aurora",
            "la cena del viernes", "el recibo de la luz",
        ],
        greetings: &["Hola, Ana:", "Querida Ana:", "Buenos días, Ana:", "Estimada Ana:"],
        sentences: &[
            "Hablé con todos y {} queda para la semana que viene.", "Todavía falta tu respuesta sobre {}.",
            "Anoté lo que acordamos para que nadie lo olvide.", "Si prefieres, te llamo más tarde y lo explico con calma.",
            "Salió un poco más caro de lo que pensábamos, pero se puede compartir.", "Aquí va lo que faltaba para {}.",
            "Llovió todo el día, así que {} pasa al sábado temprano.", "Pensé que te gustaría saberlo antes que nadie.",
            "¿Puedes confirmar antes del jueves?", "Dejé una copia de todo en la carpeta de siempre.",
        ],
        farewells: &["Un abrazo,", "Saludos,", "Hasta pronto,", "Besos,"],
        wrote: "El lun, 16 nov 2026 a las 09:12, Ana Prado (<ana@exemplo.test>) escribió:",
        read_on: "Seguir leyendo",
        way_out: "Recibes este boletín porque lo pediste. Para salir, responde con la palabra SALIR.",
        file: "recibo",
        sheet: "gastos",
        meeting: "Entrega del proyecto Aurora",
    },
];
