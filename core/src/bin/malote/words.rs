//! One sentence for each error: what happened, what is safe, what to do. In the language of the terminal.

use malote_core::api::SearchView;
use malote_core::error::{Error, Kind};

/// A language of ours.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Portuguese,
    English,
    Spanish,
}

impl Language {
    /// From LC_ALL, LC_MESSAGES or LANG, as every program does it.
    pub fn from_env() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(|k| std::env::var(k).ok())
            .find(|v| !v.is_empty());
        match set.as_deref().map(|v| v.get(..2).unwrap_or_default()) {
            Some("pt") => Language::Portuguese,
            Some("es") => Language::Spanish,
            _ => Language::English,
        }
    }
}

/// What a search looked through.
pub fn covered(found: &SearchView) -> String {
    let c = &found.covered;
    let shown = found.window.rows.len();
    let more = found.window.more || found.window.total > shown as u64;
    let (here, of, texts) = (c.here, c.on_server, c.texts);
    let aside = |words: &'static str| if c.spared { words } else { "" };
    match Language::from_env() {
        Language::Portuguese => format!(
            "{shown}{} encontradas. Pesquisados: {here} de {of} cabeçalhos e {texts} textos de {} conta(s){}.",
            if more { "+" } else { "" },
            c.accounts,
            aside("; lixeira e spam ficaram de fora (in:anywhere)")
        ),
        Language::English => format!(
            "{shown}{} found. Searched: {here} of {of} headers and {texts} texts of {} account(s){}.",
            if more { "+" } else { "" },
            c.accounts,
            aside("; trash and junk were left out (in:anywhere)")
        ),
        Language::Spanish => format!(
            "{shown}{} encontrados. Buscado en: {here} de {of} encabezados y {texts} textos de {} cuenta(s){}.",
            if more { "+" } else { "" },
            c.accounts,
            aside("; papelera y spam quedaron fuera (in:anywhere)")
        ),
    }
}

/// Exit statuses of DESIGN section 10.
pub fn exit_status(kind: Kind) -> u8 {
    match kind {
        Kind::Usage
        | Kind::NotFound
        | Kind::Cancelled
        | Kind::FileUnreadable
        | Kind::FileTooLarge
        | Kind::FileDangerous => 2,
        Kind::SignInRefused
        | Kind::PasswordExpired
        | Kind::SecretMissing
        | Kind::SecretStore
        | Kind::Locked
        | Kind::PassphraseWrong
        | Kind::PasswordCommand
        | Kind::Paused
        | Kind::SubmissionOff
        | Kind::NoSubmission
        | Kind::ConsentNeeded
        | Kind::TokenRefused => 3,
        Kind::HostUnknown | Kind::Unreachable | Kind::Proxy | Kind::ConnectionLost | Kind::Timeout => 4,
        Kind::Protocol
        | Kind::Refused
        | Kind::Busy
        | Kind::TooManyConnections
        | Kind::NotPermitted
        | Kind::AlreadyExists
        | Kind::ContactAdmin
        | Kind::TooLarge
        | Kind::NoPromise
        | Kind::NoForeignLetters
        | Kind::OverQuota
        | Kind::MailboxGone => 5,
        Kind::DiskFull
        | Kind::StorageDamaged
        | Kind::StorageLost
        | Kind::StorageNewer
        | Kind::StorageBusy
        | Kind::Storage => 6,
        Kind::Certificate | Kind::NoTls => 7,
    }
}

/// The sentence for an error.
pub fn sentence(e: &Error, language: Language) -> String {
    let [en, pt, es] = template(e.kind);
    let text = match language {
        Language::English => en,
        Language::Portuguese => pt,
        Language::Spanish => es,
    };
    let subject = if e.subject.is_empty() { "–" } else { &e.subject };
    let text = text.replace("{}", subject);
    match &e.certificate {
        // For whoever has to compare it: it cannot be looked at in another way here.
        Some(c) => format!(
            "{text} [{}; {}; {} – {}; SHA-256 {}]",
            if c.names.is_empty() { c.subject.clone() } else { c.names.join(", ") },
            c.issuer,
            &crate::output::iso(c.not_before)[..10],
            &crate::output::iso(c.not_after)[..10],
            c.fingerprint
        ),
        None => text,
    }
}

fn template(kind: Kind) -> [&'static str; 3] {
    match kind {
        Kind::SignInRefused => [
            "{} refused the user name or the password; your mail on this device is untouched; check them and sign in again.",
            "{} recusou o usuário ou a senha; o que está neste aparelho continua intacto; confira e entre de novo.",
            "{} rechazó el usuario o la contraseña; lo que hay en este equipo sigue intacto; revísalos e inicia sesión otra vez.",
        ],
        Kind::SecretMissing => [
            "no password is kept for this account; your mail on this device is untouched; add the password again.",
            "não há senha guardada para esta conta; o que está neste aparelho continua intacto; informe a senha de novo.",
            "no hay contraseña guardada para esta cuenta; lo que hay en este equipo sigue intacto; indícala de nuevo.",
        ],
        Kind::SecretStore => [
            "this system has no unlocked secret store for the password; nothing was changed; unlock it, choose a passphrase (`malote passphrase`) or use --password-command.",
            "este sistema não tem um cofre de senhas aberto; nada foi alterado; abra-o, escolha uma frase secreta (`malote passphrase`) ou use --password-command.",
            "este sistema no tiene un almacén de secretos abierto; nada cambió; ábrelo, elige una frase secreta (`malote passphrase`) o usa --password-command.",
        ],
        Kind::Locked => [
            "the passwords are locked with your passphrase; your mail on this device is untouched; give it with --passphrase-command.",
            "as senhas estão trancadas com a sua frase secreta; o que está neste aparelho continua intacto; informe-a com --passphrase-command.",
            "las contraseñas están cerradas con tu frase secreta; lo que hay en este equipo sigue intacto; indícala con --passphrase-command.",
        ],
        Kind::PassphraseWrong => [
            "that is not the passphrase; nothing was changed; try again, or add the passwords again.",
            "essa não é a frase secreta; nada foi alterado; tente de novo, ou informe as senhas outra vez.",
            "esa no es la frase secreta; nada cambió; inténtalo otra vez, o indica las contraseñas de nuevo.",
        ],
        Kind::SubmissionOff => [
            "{} does not let mail apps send for this account; receiving works, and nothing was sent; ask whoever runs it to allow \"Authenticated SMTP\" for your mailbox.",
            "{} não deixa aplicativos de e-mail enviarem por esta conta; receber funciona, e nada foi enviado; peça a quem a administra que permita \"SMTP autenticado\" para a sua caixa.",
            "{} no deja que las aplicaciones de correo envíen por esta cuenta; recibir funciona, y no se envió nada; pide a quien la administra que permita \"SMTP autenticado\" para tu buzón.",
        ],
        Kind::PasswordCommand => [
            "the password command failed; your mail on this device is untouched; run it by hand to see why.",
            "o comando da senha falhou; o que está neste aparelho continua intacto; rode-o à mão para ver o motivo.",
            "el comando de la contraseña falló; lo que hay en este equipo sigue intacto; ejecútalo a mano para ver por qué.",
        ],
        Kind::HostUnknown => [
            "no server is known by the name {}; your mail on this device is untouched; check the name or the network.",
            "nenhum servidor atende pelo nome {}; o que está neste aparelho continua intacto; confira o nome ou a rede.",
            "ningún servidor responde al nombre {}; lo que hay en este equipo sigue intacto; revisa el nombre o la red.",
        ],
        Kind::Unreachable => [
            "nothing answers at {}; your mail on this device is untouched; check the port or try again later.",
            "nada responde em {}; o que está neste aparelho continua intacto; confira a porta ou tente mais tarde.",
            "nada responde en {}; lo que hay en este equipo sigue intacto; revisa el puerto o inténtalo más tarde.",
        ],
        Kind::ConnectionLost => [
            "the connection to {} was cut; what had arrived is kept and nothing is lost; try again.",
            "a conexão com {} caiu; o que já chegou está guardado e nada se perdeu; tente de novo.",
            "se cortó la conexión con {}; lo que llegó está guardado y nada se perdió; inténtalo de nuevo.",
        ],
        Kind::Timeout => [
            "{} stopped answering; what had arrived is kept and nothing is lost; try again later.",
            "{} parou de responder; o que já chegou está guardado e nada se perdeu; tente mais tarde.",
            "{} dejó de responder; lo que llegó está guardado y nada se perdió; inténtalo más tarde.",
        ],
        Kind::Certificate => [
            "the certificate of {} is not trusted, so no password was sent; look at it below; if it is your own server, trust it with --ca-file or --pin.",
            "o certificado de {} não é confiável, por isso nenhuma senha foi enviada; veja-o abaixo; se o servidor é seu, confie nele com --ca-file ou --pin.",
            "el certificado de {} no es de confianza, por eso no se envió ninguna contraseña; míralo abajo; si el servidor es tuyo, confía en él con --ca-file o --pin.",
        ],
        Kind::NoTls => [
            "{} offers no encryption there, so no password was sent; check the port and the kind of encryption.",
            "{} não oferece criptografia ali, por isso nenhuma senha foi enviada; confira a porta e o tipo de criptografia.",
            "{} no ofrece cifrado ahí, por eso no se envió ninguna contraseña; revisa el puerto y el tipo de cifrado.",
        ],
        Kind::Protocol => [
            "the server's answer makes no sense ({}); your mail on this device is untouched; try again later.",
            "a resposta do servidor não faz sentido ({}); o que está neste aparelho continua intacto; tente mais tarde.",
            "la respuesta del servidor no tiene sentido ({}); lo que hay en este equipo sigue intacto; inténtalo más tarde.",
        ],
        Kind::Refused => [
            "the server refused {}; your mail on this device is untouched.",
            "o servidor recusou {}; o que está neste aparelho continua intacto.",
            "el servidor rechazó {}; lo que hay en este equipo sigue intacto.",
        ],
        Kind::PasswordExpired => [
            "{} says that the password has run out; your mail on this device is untouched; choose a new one with your provider and sign in again.",
            "{} diz que a senha venceu; o que está neste aparelho continua intacto; crie outra no provedor e entre de novo.",
            "{} dice que la contraseña caducó; lo que hay en este equipo sigue intacto; crea otra con tu proveedor e inicia sesión de nuevo.",
        ],
        Kind::Proxy => [
            "the proxy {} cannot be reached or refuses the way, and nothing was sent beside it; check it or try again later.",
            "o proxy {} não responde ou recusa o caminho, e nada foi enviado por fora dele; confira-o ou tente mais tarde.",
            "el proxy {} no responde o rechaza el camino, y nada se envió por fuera de él; revísalo o inténtalo más tarde.",
        ],
        Kind::Busy => [
            "{} is busy and asks to come back later; nothing was lost; it is tried again by itself.",
            "{} está ocupado e pede para voltar mais tarde; nada se perdeu; tentaremos de novo sozinhos.",
            "{} está ocupado y pide volver más tarde; nada se perdió; se intentará de nuevo solo.",
        ],
        Kind::TooManyConnections => [
            "{} allows no more connections for this account; nothing was lost; Malote goes on with fewer.",
            "{} não aceita mais conexões desta conta; nada se perdeu; o Malote continua com menos.",
            "{} no admite más conexiones de esta cuenta; nada se perdió; Malote sigue con menos.",
        ],
        Kind::NotPermitted => [
            "you may not do this in {}; nothing was changed; ask whoever shares it with you.",
            "você não tem permissão para isso em {}; nada foi alterado; fale com quem a compartilha.",
            "no tienes permiso para esto en {}; nada cambió; habla con quien la comparte.",
        ],
        Kind::NoPromise => [
            "{} cannot promise encryption all the way; the message was not sent and is in the outbox; send it without that wish, or through another account.",
            "{} não pode prometer criptografia até o fim; a mensagem não foi enviada e está na caixa de saída; envie-a sem esse pedido ou por outra conta.",
            "{} no puede prometer cifrado hasta el final; el mensaje no se envió y está en la bandeja de salida; envíalo sin ese deseo o por otra cuenta.",
        ],
        Kind::NoForeignLetters => [
            "your server cannot write to {}: it takes plain letters only; the message was not sent and is in the outbox; use another address, or another account.",
            "seu servidor não consegue escrever para {}: só aceita letras simples; a mensagem não foi enviada e está na caixa de saída; use outro endereço ou outra conta.",
            "tu servidor no puede escribir a {}: solo admite letras simples; el mensaje no se envió y está en la bandeja de salida; usa otra dirección u otra cuenta.",
        ],
        Kind::NoSubmission => [
            "the account {} has no server for sending; nothing was sent; name one in the app's settings.",
            "a conta {} não tem servidor de envio; nada foi enviado; informe um nos ajustes do aplicativo.",
            "la cuenta {} no tiene servidor de envío; no se envió nada; indica uno en los ajustes de la aplicación.",
        ],
        Kind::FileUnreadable => [
            "the file {} cannot be read; nothing was attached; check that it is still there and that you may read it.",
            "o arquivo {} não pode ser lido; nada foi anexado; veja se ele ainda está lá e se você pode lê-lo.",
            "el archivo {} no se puede leer; no se adjuntó nada; comprueba que sigue ahí y que puedes leerlo.",
        ],
        Kind::FileDangerous => [
            "the file {} does something when it is opened, so it was not; save it if you trust who sent it.",
            "o arquivo {} faz algo ao ser aberto, por isso não foi; salve-o se confia em quem enviou.",
            "el archivo {} hace algo al abrirse, por eso no se abrió; guárdalo si confías en quien lo envió.",
        ],
        Kind::FileTooLarge => [
            "the file {} has more than 100 MB, which no server takes; it was not attached; send a link to it instead.",
            "o arquivo {} tem mais de 100 MB, o que nenhum servidor aceita; não foi anexado; envie um link para ele.",
            "el archivo {} tiene más de 100 MB, lo que ningún servidor acepta; no se adjuntó; envía un enlace a él.",
        ],
        Kind::AlreadyExists => [
            "there is a folder {} already; nothing was changed.",
            "já existe uma pasta {}; nada foi alterado.",
            "ya existe una carpeta {}; nada cambió.",
        ],
        Kind::ContactAdmin => [
            "{} sends you to the people who run it; your mail on this device is untouched; ask your provider's support.",
            "{} pede que você fale com quem o administra; o que está neste aparelho continua intacto; procure o suporte do provedor.",
            "{} te remite a quienes lo administran; lo que hay en este equipo sigue intacto; consulta al soporte de tu proveedor.",
        ],
        Kind::TooLarge => [
            "the message is larger than {} takes; it is kept here; make it smaller.",
            "a mensagem é maior do que {} aceita; ela está guardada aqui; diminua-a.",
            "el mensaje es más grande de lo que {} admite; está guardado aquí; redúcelo.",
        ],
        Kind::OverQuota => [
            "your mailbox on the server is full ({}); nothing was lost; make room and sync again.",
            "sua caixa no servidor está cheia ({}); nada se perdeu; libere espaço e sincronize de novo.",
            "tu buzón en el servidor está lleno ({}); nada se perdió; libera espacio y sincroniza otra vez.",
        ],
        Kind::MailboxGone => [
            "the folder {} is not on the server; what this device has of it is kept.",
            "a pasta {} não está no servidor; o que este aparelho tem dela fica guardado.",
            "la carpeta {} no está en el servidor; lo que este equipo tiene de ella se conserva.",
        ],
        Kind::DiskFull => [
            "the disk of this device is full; what was here before is safe; make room and try again.",
            "o disco deste aparelho está cheio; o que já estava aqui está a salvo; libere espaço e tente de novo.",
            "el disco de este equipo está lleno; lo que ya había está a salvo; libera espacio e inténtalo de nuevo.",
        ],
        Kind::StorageDamaged => [
            "the data in {} is damaged; the mail on your server and what you have not sent yet are safe; end every Malote and start one again: it repairs itself.",
            "os dados em {} estão danificados; o correio no servidor e o que você ainda não enviou estão a salvo; feche todos os Malotes e abra um de novo: ele se conserta sozinho.",
            "los datos en {} están dañados; el correo en el servidor y lo que aún no enviaste están a salvo; cierra todos los Malotes y abre uno de nuevo: se repara solo.",
        ],
        Kind::StorageLost => [
            "the data in {} cannot be read, nor can its spare copy; nothing was touched and the mail on your server is safe; restore a backup or sign in to a new folder with --home.",
            "os dados em {} não podem ser lidos, nem a cópia reserva; nada foi tocado e o correio no servidor está a salvo; restaure uma cópia ou entre em outra pasta com --home.",
            "los datos en {} no se pueden leer, ni su copia de reserva; nada se tocó y el correo en el servidor está a salvo; restaura una copia o entra en otra carpeta con --home.",
        ],
        Kind::StorageNewer => [
            "the data in {} was written by a newer Malote and is left untouched; update this one.",
            "os dados em {} são de um Malote mais novo e não foram tocados; atualize este.",
            "los datos en {} son de un Malote más nuevo y no se tocaron; actualiza este.",
        ],
        Kind::StorageBusy => [
            "another Malote is syncing this data; nothing was changed; end that one or let it work.",
            "outro Malote está sincronizando estes dados; nada foi alterado; encerre o outro ou deixe-o trabalhar.",
            "otro Malote está sincronizando estos datos; nada cambió; ciérralo o déjalo trabajar.",
        ],
        Kind::Storage => [
            "this device's storage failed {}; nothing was changed; check the folder's permissions and the disk.",
            "o armazenamento deste aparelho falhou {}; nada foi alterado; confira as permissões da pasta e o disco.",
            "el almacenamiento de este equipo falló {}; nada cambió; revisa los permisos de la carpeta y el disco.",
        ],
        Kind::NotFound => ["there is no {} here.", "não há {} aqui.", "no hay {} aquí."],
        Kind::Usage => [
            "{} cannot be used here; see --help.",
            "{} não serve aqui; veja --help.",
            "{} no sirve aquí; mira --help.",
        ],
        Kind::Cancelled => ["it was cancelled.", "foi cancelado.", "se canceló."],
        Kind::Paused => [
            "this account is paused. Your mail here is untouched. Resume it in the app's settings.",
            "esta conta está em pausa. Seu correio aqui está intacto. Retome-a nas configurações do aplicativo.",
            "esta cuenta está en pausa. Su correo aquí está intacto. Reanúdela en los ajustes de la aplicación.",
        ],
        Kind::ConsentNeeded => [
            "{} wants you to sign in again in the browser. Your mail here is untouched, and what waits goes out afterwards. Do it in the app.",
            "{} quer que você entre de novo pelo navegador. Seu correio aqui está intacto, e o que espera sai depois. Faça isso no aplicativo.",
            "{} quiere que inicie sesión de nuevo en el navegador. Su correo aquí está intacto, y lo que espera sale después. Hágalo en la aplicación.",
        ],
        Kind::TokenRefused => [
            "{} gave no permission to sign in. Nothing was changed. Try again later, or use an app password.",
            "{} não deu permissão para entrar. Nada foi alterado. Tente mais tarde ou use uma senha de app.",
            "{} no dio permiso para iniciar sesión. No se cambió nada. Inténtelo más tarde o use una contraseña de aplicación.",
        ],
    }
}
