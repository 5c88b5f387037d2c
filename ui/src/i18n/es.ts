import type { Texts } from "./en";

const n = (count: number) => count.toLocaleString("es");
const messages = (count: number) => (count === 1 ? "1 mensaje" : `${n(count)} mensajes`);
const s = (count: number, one: string, many: string) => (count === 1 ? one : many);

export const es: Texts = {
	app: "Malote",
	welcome: "Un solo buzón, igual en todos tus equipos.",
	welcomeMore: "Solo comparten tu servidor de correo. Sin cuenta con nosotros, sin nada en medio.",
	address: "Dirección de correo",
	addressHint: "tu@ejemplo.com",
	next: "Continuar",
	back: "Volver",
	password: "Contraseña",
	yourName: "Tu nombre",
	optional: "opcional",
	servers: "Servidores",
	finding: "Buscando tus servidores…",
	receives: "Recibe de",
	sends: "Envía por",
	changeServers: "Cambiar servidores, usuario y más",
	pop3Server: "Servidor de entrada (POP3)",
	smtpServer: "Servidor de salida (SMTP)",
	tlsShort: { implicit: "cifrado", starttls: "cifrado (STARTTLS)", none: "sin cifrar" },
	sources: {
		provider: "De la lista de proveedores del propio Malote. No se preguntó a nadie.",
		exchanger: "De la lista del propio Malote: este proveedor recibe el correo de tu dominio.",
		autoconfig: "Lo dice tu propio dominio. No se le dijo tu dirección.",
		srv: "Lo dice el servicio de nombres de tu dominio. Comprueba que conoces estos nombres.",
		ispdb: "De la lista pública de thunderbird.net, a la que solo se preguntó por tu dominio.",
		autodiscover: "Lo dice el Exchange de tu dominio. No se le dijo tu dirección.",
		guess: "Son los nombres habituales; tu dominio no dice nada. Compáralos con lo que diga tu proveedor.",
	},
	hints: {
		app_password: (p) =>
			`${p} pide aquí una contraseña de aplicación, no la que usas en su web. Se crea allí una sola vez.`,
		enable: (p) => `Puede que antes haya que activar IMAP y POP3 en el correo web: ${p}.`,
		bridge: (p) =>
			`A ${p} se llega por su Bridge, que tiene que estar abierto en este equipo. Usuario y contraseña son los que muestra.`,
		paid: (p) => `${p} solo da acceso a aplicaciones de correo en sus planes de pago.`,
		none: (p) =>
			`${p} no admite aplicaciones de correo: no tiene IMAP ni POP3. Su correo solo se lee en su propia aplicación.`,
		smtp_auth: (p) =>
			`Si más tarde se rechaza el envío: muchas organizaciones con ${p} han desactivado “SMTP AUTH”. Tu administrador puede activarlo.`,
		unencrypted: () =>
			"Tu dominio solo indica servidores sin cifrado. Malote no envía contraseñas sin cifrar. Pide a tu proveedor servidores con TLS.",
		no_client: (p) =>
			`${p} solo admite aplicaciones por su propia página de acceso, y esta versión de Malote no está registrada allí.`,
	},
	hintLink: "Ver allí",
	protocol: "Cómo se recibe el correo",
	imapMeans: "Carpetas y marcas iguales en todos tus equipos",
	pop3Means: "El correo se trae y se guarda solo en este equipo",
	leave: "En el servidor",
	leaveChoice: (leave) =>
		leave === "always"
			? "Dejar todo allí"
			: leave === "until_deleted"
				? "Quitar lo que se elimine aquí del todo"
				: leave === "never"
					? "Quitarlo en cuanto llegue aquí"
					: `Quitarlo ${leave.replace("d", "")} días después de llegar aquí`,
	leaveShared: (user) =>
		`Gmail entrega cada mensaje a un solo programa POP3. Por eso Malote entra como ${user}: cada equipo tuyo recibe todo lo de los últimos 30 días, y nada se quita a los demás.`,
	leaveWarn:
		"Lo que se quita del servidor desaparece de allí para siempre: el correo web y los equipos que aún no lo hayan traído nunca lo verán, y la única copia está en este equipo.",
	leaveSure: "Entendido",
	sizeLimit: "De los mensajes mayores de este tamaño, traer solo la cabecera (MB)",
	sizeLimitNone: "traer todos",
	appPassword: "Contraseña de aplicación",
	signInWith: (issuer) => `Entrar con ${issuer}`,
	orPassword: "o con una contraseña de aplicación:",
	issuers: { google: "Google", microsoft: "Microsoft", yahoo: "Yahoo", aol: "AOL" },
	browserWaiting: (issuer) =>
		`La página de ${issuer} está abierta en tu navegador. Entra allí y vuelve; Malote nunca ve tu contraseña.`,
	browserFarewell: "Has entrado. Cierra esta página y vuelve a Malote.",
	browserNo: "No diste permiso, así que no cambió nada. Puedes intentarlo de nuevo.",
	signInAgain: "Entrar de nuevo en el navegador",
	server: "Servidor de entrada (IMAP)",
	port: "Puerto",
	encryption: "Cifrado",
	tlsImplicit: "TLS",
	tlsStarttls: "STARTTLS",
	tlsNone: "Ninguno (solo en este equipo)",
	userName: "Usuario",
	caFile: "Archivo con el certificado de tu servidor",
	proxy: "Proxy",
	certificate: "El certificado del servidor",
	certificateFor: "Emitido para",
	certificateBy: "Emitido por",
	certificateHolds: "Validez",
	certificatePrint: "Huella digital (SHA-256)",
	certificateFaults: {
		expired: "Ha caducado.",
		not_yet_valid: "Todavía no vale, o el reloj de este equipo está mal.",
		other_name: "Se emitió para otro servidor.",
		unknown_issuer: "Nadie en quien confíe este equipo lo emitió; puede que lo hiciera el propio servidor.",
		revoked: "Fue revocado.",
		invalid: "No está en regla.",
	},
	certificateWarn:
		"Alguien entre tú y el servidor podría mostrar un certificado así y leer tu contraseña. Confía en él solo si su huella es la que te dio el administrador del servidor.",
	certificateTrust: "Confiar en este certificado",
	signIn: "Iniciar sesión",
	signingIn: "Iniciando sesión…",
	notAnAddress: "Eso no parece una dirección de correo.",
	passwordNotKept:
		"Este equipo no tiene un lugar seguro para la contraseña. Malote la pedirá la próxima vez que se abra.",
	passphrase: "Frase secreta",
	passphraseAgain: "La frase secreta otra vez",
	passphraseChoose: "Guardarla con una frase secreta",
	passphraseUnlock: "Abrir",
	passphraseShort: (n: number) => `Elige al menos ${n} caracteres.`,
	passphraseDiffers: "Las dos no son iguales.",
	passphraseOffer:
		"O elige una frase secreta: Malote guarda las contraseñas cerradas con ella y la pide una vez en cada inicio. Si la olvidas, no se puede recuperar; tendrías que indicar las contraseñas de nuevo.",
	passphraseLost: "Ya no la sé",
	passphraseLostSure:
		"Las contraseñas que cierra se olvidan con ella y las indicas de nuevo. Tus correos se quedan.",
	passphraseForget: "Olvidar las contraseñas",
	passphraseChange: "Cambiar la frase secreta",
	passphraseChanged: "La frase secreta se cambió.",
	passphraseKept: "Las contraseñas están guardadas.",
	anotherAccount: "Añadir una cuenta",
	folders: "Carpetas",
	inbox: "Entrada",
	flagged: "Destacados",
	drafts: "Borradores",
	sent: "Enviados",
	archiveBox: "Archivo",
	all: "Todos",
	junkBox: "Spam",
	trashBox: "Papelera",
	goneFolder: "Ya no está en el servidor; lo que hay aquí se conserva",
	folderActions: (name) => `Qué hacer con la carpeta ${name}`,
	folderNew: "Carpeta nueva",
	folderNewIn: (name) => `Carpeta nueva dentro de ${name}`,
	folderName: "Nombre",
	folderCreate: "Crear",
	folderRename: "Cambiar el nombre",
	folderEmpty: "Vaciar",
	folderEmptySure: (name) =>
		`Todo lo que hay en ${name} se elimina del todo, también en el servidor. Tienes diez segundos para deshacerlo.`,
	folderRemove: "Eliminar la carpeta",
	folderRemoveSure: (name) =>
		`Se eliminan ${name} y las carpetas que contiene. Sus mensajes van a la Papelera.`,
	labelRemoveSure: (name) => `${name} y las carpetas que contiene se eliminan. Sus mensajes siguen en Todos.`,
	folderSubscribe: "Suscribirse",
	folderUse: "Usar para",
	folderUseNone: "Nada especial",
	folderUnsubscribe: "Cancelar la suscripción",
	unread: (count) => `${n(count)} sin leer`,
	messages,
	hereOf: (here, all) => `${n(here)} de ${n(all)} aquí`,
	selected: (count) => s(count, "1 seleccionado", `${n(count)} seleccionados`),
	selectAll: "Seleccionar todos los cargados",
	clearSelection: "Quitar la selección",
	select: (who) => `Seleccionar el mensaje de ${who}`,
	emptyFolder: "Nada por aquí",
	emptyFolderMore: "Esta carpeta no tiene mensajes.",
	notFetched: "Aún sin descargar",
	notFetchedMore: (count) => `El servidor tiene ${messages(count)} aquí. Llegan en cuanto haya conexión.`,
	loadFailed: "No se pudo leer esta lista.",
	tryAgain: "Reintentar",
	search: "Buscar",
	closeSearch: "Cerrar búsqueda",
	find: {
		hint: "Buscar mensajes",
		keep: "Guardar esta búsqueda",
		forget: "No guardarla más",
		forgetThis: (name: string) => `Olvidar la búsqueda «${name}»`,
		saved: "Búsquedas",
		suggestions: "Sugerencias",
		where: "Dónde buscar",
		everywhere: "Todo",
		not: "no",
		without: (what: string) => `Quitar «${what}»`,
		names: {
			from: "De",
			to: "Para",
			subject: "Asunto",
			body: "Texto",
			file: "Archivo",
			in: "Carpeta",
			has: "Con",
			is: "Está",
			before: "Antes de",
			after: "Desde",
			larger: "Mayor que",
			smaller: "Menor que",
		},
		values: {
			attachment: "adjuntos",
			unread: "no leído",
			read: "leído",
			starred: "destacado",
			answered: "respondido",
			draft: "borrador",
			me: "yo",
		},
		say: { from: "de", to: "para", in: "en" },
		conditions: [
			["de:", "Remitente"],
			["para:", "Destinatario"],
			["asunto:", "Asunto"],
			["en:", "Carpeta"],
			["tiene:adjunto", "Con adjuntos"],
			["es:no-leído", "No leídos"],
			["es:destacado", "Destacados"],
			["desde:", "Desde un día: 01/05/2024, 7d, 1a"],
			["antes:", "Antes de un día"],
			["archivo:", "Nombre o texto de un archivo"],
			["mayor:", "Mayor que: 5M"],
			["en:todo", "También en la papelera y el spam"],
		],
		found: (count: number, more: boolean) =>
			more ? `Más de ${n(count)} encontrados` : count === 1 ? "1 encontrado" : `${n(count)} encontrados`,
		covered: (accounts: number, here: number, all: number, texts: number) =>
			`buscado en ${here < all ? `${n(here)} de ${n(all)}` : `los ${n(all)}`} encabezados${accounts > 1 ? ` de ${n(accounts)} cuentas` : ""}${texts < here ? `, ${n(texts)} textos` : " y todos los textos"}`,
		asking: (count: number) =>
			count === 1
				? "preguntando al servidor por el resto…"
				: `preguntando a ${n(count)} servidores por el resto…`,
		answered: (count: number) =>
			count === 1 ? "el servidor respondió por el resto" : `${n(count)} servidores respondieron por el resto`,
		failed: (count: number) =>
			count === 1 ? "no se pudo preguntar a un servidor" : `no se pudo preguntar a ${n(count)} servidores`,
		elsewhere: (count: number) => `${n(count)} más en el servidor, aún no aquí`,
		waiting: (count: number) => `${n(count)} aún por indexar`,
		spared: "sin papelera ni spam",
		nothing: "Nada encontrado",
		nothingMore:
			"Otras palabras, o menos, pueden ayudar. Con «en:todo» se busca también en la papelera y el spam.",
	},
	noSubject: "(sin asunto)",
	noSender: "(sin remitente)",
	unreadMark: "Sin leer",
	attachmentMark: "Con adjunto",
	answeredMark: "Respondido",
	archive: "Archivar",
	trash: "Eliminar",
	deleteForever: "Eliminar del todo",
	junk: "Spam",
	moveTo: "Mover a…",
	star: "Destacar",
	unstar: "Quitar estrella",
	markRead: "Marcar como leído",
	markUnread: "Marcar como no leído",
	undo: "Deshacer",
	refresh: "Comprobar ahora",
	settings: "Ajustes",
	close: "Cerrar",
	help: "Atajos de teclado",
	filterFolders: "Buscar una carpeta",
	done: {
		read: (count) => `${messages(count)} ${s(count, "marcado como leído", "marcados como leídos")}`,
		unread: (count) => `${messages(count)} ${s(count, "marcado como no leído", "marcados como no leídos")}`,
		star: (count) => `${messages(count)} ${s(count, "destacado", "destacados")}`,
		unstar: (count) => `Estrella quitada de ${messages(count)}`,
		archive: (count) => `${messages(count)} ${s(count, "archivado", "archivados")}`,
		trash: (count) => `${messages(count)} en la Papelera`,
		junk: (count) => `${messages(count)} en Spam`,
		move: (count, target) => `${messages(count)} ${s(count, "movido", "movidos")} a ${target}`,
		delete: (count) => `${messages(count)} ${s(count, "eliminado", "eliminados")} del todo`,
		copy: (count, target) => `${messages(count)} ${s(count, "copiado", "copiados")} a ${target}`,
		create: (_count, target) => `Carpeta ${target} creada`,
		rename: (_count, target) => `La carpeta se llama ahora ${target}`,
		remove: () => "Carpeta eliminada; sus mensajes están en la Papelera",
		empty: (_count, target) => `${target}: vaciada`,
		subscribe: (_count, target) => `Suscripción a ${target}`,
		use: (_count, target) => `${target}: uso cambiado`,
		unsubscribe: (_count, target) => `Sin suscripción a ${target}`,
		insist: () => "Hecho a tu manera",
	},
	undone: "Deshecho",
	undonePart: "Deshecho en parte: el servidor ya había quitado algunos",
	nothingToUndo: "Nada que deshacer",
	nothingOpen: "Ningún mensaje abierto",
	nothingOpenMore: "Elige uno de la lista o pulsa j.",
	manySelected: "¿Qué hacer con ellos?",
	from: "De",
	to: "Para",
	fetching: "Descargando el mensaje…",
	fetchFailed: "Este mensaje no está en este equipo y no se pudo descargar.",
	blocked: (count) =>
		s(
			count,
			"1 imagen remota quedó fuera: podría decirle al remitente que lo leíste.",
			`${n(count)} imágenes remotas quedaron fuera: podrían decirle al remitente que lo leíste.`,
		),
	attachments: (count) => s(count, "1 adjunto", `${n(count)} adjuntos`),
	save: "Guardar",
	open: "Abrir",
	fetchingOf: (here, size) => `Descargando: ${here} de ${size}`,
	notHere: "Aún en el servidor: se descarga cuando lo abras",
	pin: "Mantener en este equipo",
	unpin: "No mantener más en este equipo",
	pinned: "Queda en este equipo, con sus adjuntos",
	unpinned: "Queda en este equipo solo mientras lo diga la elección de la cuenta",
	savedTo: (path) => `Guardado: ${path}`,
	messageBody: "Mensaje",
	inStepAt: (time) => `Al día, ${time}`,
	connecting: "Conectando…",
	working: "Actualizando…",
	waiting: (count) => s(count, "1 cambio sin enviar", `${n(count)} cambios sin enviar`),
	savedCopies: (time) => `Se muestra lo que hay en este equipo, al día por última vez ${time}.`,
	savedCopiesOnly: "Se muestra lo que hay en este equipo.",
	dismiss: "Descartar",
	decided: (count) =>
		s(
			count,
			"Otro equipo se adelantó a uno de tus cambios, o el servidor lo rechazó.",
			`Otros equipos se adelantaron a ${n(count)} de tus cambios, o el servidor los rechazó.`,
		),
	decidedSee: "Ver lo que se decidió",
	decidedTitle: "Lo que se decidió",
	decidedSeen: "Todo visto",
	decidedInsist: "Hacerlo a mi manera",
	decidedCodes: {
		moved_elsewhere: (place) => `Ya había salido de ${place}: otro equipo lo movió o eliminó antes.`,
		gone_meanwhile: (place) => `Ya no estaba en ${place}.`,
		refused: (place) => `El servidor rechazó esto en ${place}.`,
	},
	decidedWishes: {
		flag: (what) => `Querías marcarlo: ${what}`,
		move: (what) => `Querías moverlo a ${what}`,
		copy: (what) => `Querías copiarlo a ${what}`,
		delete: () => "Querías eliminarlo del todo",
	},
	notices: {
		server_alert: (subject) => `Tu servidor de correo avisa: «${subject}»`,
		mailbox_gone: (subject, count) =>
			`La carpeta ${subject} ya no está en el servidor. En este equipo se conservan ${messages(count)} de ella.`,
		refused_flag: (subject, count) =>
			`El servidor rechazó un cambio en ${messages(count)} de ${subject}. Se deshizo aquí.`,
		refused_move: (subject, count) =>
			`El servidor rechazó mover ${messages(count)} de ${subject}. Han vuelto allí.`,
		refused_delete: (subject, count) =>
			`El servidor rechazó eliminar ${messages(count)} de ${subject}. Han vuelto allí.`,
		refused_gone: (subject, count) =>
			`${subject} no se abre en el servidor; ${s(count, "se deshizo 1 cambio", `se deshicieron ${n(count)} cambios`)} allí.`,
		refused_copy: (subject, count) =>
			`El servidor rechazó copiar ${messages(count)} de ${subject}. Están donde estaban.`,
		refused_append: (subject) =>
			`No se pudo poner un mensaje en ${subject}, porque su texto ya no está en este equipo.`,
		refused_create: (subject) =>
			`El servidor rechazó crear la carpeta ${subject}. Nada se perdió: lo que iba a ella está donde estaba.`,
		refused_rename: (subject) => `El servidor rechazó cambiar el nombre de ${subject}. Conserva el anterior.`,
		refused_remove: (subject) =>
			`El servidor rechazó eliminar la carpeta ${subject}. Ha vuelto; sus mensajes están en la Papelera.`,
		refused_subscribe: (subject) => `El servidor rechazó cambiar la suscripción a ${subject}.`,
		refused_empty: (subject) => `El servidor rechazó vaciar ${subject}. Sus mensajes han vuelto.`,
		moved_elsewhere: (subject, count) =>
			`Otro equipo ya había movido o eliminado ${messages(count)} de ${subject}. Vale su decisión.`,
		storage_damaged: () =>
			"Parte de los datos de este equipo está dañada. Lo que aún no enviaste está a salvo. Cierra Malote y ábrelo de nuevo: se repara solo.",
		storage_salvaged: (subject, count) =>
			`Los datos de este equipo estaban dañados y se rehicieron: se conservaron ${n(count)} cambios sin enviar, y tu correo se está trayendo de nuevo. Los archivos dañados están en ${subject}.`,
		send_refused: (s) =>
			`«${s}» no se envió: el servidor no lo acepta. Queda en la bandeja de salida, con el motivo.`,
		bounced: (s) =>
			`«${s}» no llegó a todos sus destinatarios. Ábrelo en Enviados para ver a quién y por qué.`,
		send_unknown: (s) =>
			`La conexión se cortó justo cuando «${s}» salía: puede que haya llegado o no. Queda en la bandeja de salida y no se vuelve a enviar por sí solo.`,
		sending_off: (s) =>
			`${s} no deja que las aplicaciones de correo envíen por esta cuenta; recibir funciona. Pide a quien la administra que permita “SMTP autenticado” para tu buzón.`,
		sending_refused: (s) =>
			`${s} no aceptó el usuario o la contraseña para enviar; recibir funciona. Algunos proveedores piden una contraseña de aplicación. Revisa la cuenta en los ajustes.`,
		gone_meanwhile: (subject, count) =>
			`${s(count, "1 cambio", `${n(count)} cambios`)} en ${subject} eran de mensajes que ya no están en el servidor.`,
	},
	language: "Idioma",
	theme: "Apariencia",
	density: "Densidad de la lista",
	auto: "Como el sistema",
	light: "Claro",
	dark: "Oscuro",
	compact: "Compacta",
	standard: "Normal",
	relaxed: "Amplia",
	accounts: "Cuentas",
	keep: "Guardar en este equipo",
	keepAsAccount: (choice) => `Como la cuenta: ${choice}`,
	keepChoice: (keep) =>
		keep === "all"
			? "Todo"
			: keep === "headers"
				? "Solo la lista; mensajes al abrirlos"
				: `Mensajes enteros de los últimos ${keep.replace("d", "")} días`,
	budget: "Recibir como máximo, al día (MB)",
	budgetUp: "Enviar como máximo, al día (MB)",
	budgetNone: "sin límite",
	today: (down, up) => `Hoy: ${down} recibidos, ${up} enviados`,
	spent:
		"Ya se usó casi todo lo que el proveedor permite por hoy. El correo nuevo y lo que abras siguen llegando; el resto llega mañana.",
	draftsWait:
		"Ya se envió casi todo lo que se puede enviar hoy. Los mensajes siguen saliendo; lo que escribes queda en este dispositivo y llega a los demás mañana.",
	spentShort: "El resto llega mañana",
	traffic: (down, up) => `En 30 días: ${down} recibidos, ${up} enviados`,
	pauseAccount: "Pausar",
	resumeAccount: "Reanudar",
	paused: "En pausa",
	moveUp: (account) => `Subir ${account}`,
	changeAccount: "Servidores y nombre",
	saveChanges: "Guardar",
	changesSaved: "Guardado",
	identities: "Otras direcciones con las que escribes",
	identitiesHint: "Una por línea, como Ana Souza <ana@ejemplo.com>",
	trusted: "Confías de todos modos en un certificado de este servidor:",
	trustNoMore: "Dejar de confiar",
	removeAccount: "Quitar de este equipo",
	removeAccountSure: (pop3) =>
		pop3
			? "¿Quitar esta cuenta de este equipo? El servidor no se toca. Pero los mensajes que ya no están allí, y todo lo archivado aquí, se perderán."
			: "¿Quitar esta cuenta de este equipo? Todo queda en el servidor. Los cambios que aún no se enviaron se perderán.",
	remove: "Quitar",
	cancel: "Cancelar",
	newPassword: "Indica la contraseña de nuevo",
	keys: {
		next: "Mensaje siguiente",
		previous: "Mensaje anterior",
		open: "Abrir",
		back: "Volver a la lista",
		compose: "Escribir",
		reply: "Responder",
		replyAll: "Responder a todos",
		forward: "Reenviar",
		archive: "Archivar",
		trash: "Eliminar",
		junk: "Spam",
		star: "Estrella",
		read: "Leído o no leído",
		select: "Seleccionar",
		move: "Mover a una carpeta",
		undo: "Deshacer",
		search: "Buscar",
		inbox: "Ir a la Entrada",
		refresh: "Comprobar ahora",
		help: "Esta lista",
	},
	// escribir
	compose: {
		write: "Escribir",
		title: "Mensaje nuevo",
		reply: "Responder",
		replyAll: "Responder a todos",
		forward: "Reenviar",
		answers: "Responder o reenviar",
		cc: "Cc",
		bcc: "Cco",
		subject: "Asunto",
		date: "Fecha",
		text: "Mensaje",
		send: "Enviar",
		later: "Enviar más tarde",
		attach: "Adjuntar archivos",
		discard: "Descartar el borrador",
		discarded: "Borrador descartado",
		close: "Cerrar; el borrador se guarda",
		minimise: "Minimizar",
		restore: "Restaurar",
		enlarge: "Ampliar",
		dock: "Reducir",
		popOut: "Abrir en su propia ventana",
		saving: "Guardando…",
		saved: "Borrador guardado",
		sending: (seconds: number) => `Sale en ${seconds} segundos`,
		undoFor: "Deshacer el envío, durante",
		undoSeconds: (count: number) => `${count} segundos`,
		signatureOf: (address: string) => `Firma de ${address}`,
		signatureHint: "Lo que va debajo de sus mensajes",
		willSend: (when: string) => `Sale el ${when}`,
		sendAnyway: "Enviar de todos modos",
		others: (count: number) =>
			count === 1
				? "Otro dispositivo siguió con el mismo borrador. Las dos versiones están en Borradores: nada se sobrescribió."
				: `Otros dispositivos siguieron con el mismo borrador. Las ${n(count + 1)} versiones están en Borradores: nada se sobrescribió.`,
		large: (size: string) =>
			`${size} en archivos. Muchos servidores no aceptan más de 25 MB; si uno lo rechaza, el mensaje se queda aquí.`,
		doubts: {
			nobody: "No se indica ningún destinatario.",
			address: "El destinatario en rojo no es una dirección. Corríjalo o quítelo.",
			attachment: "Menciona un adjunto y no hay ninguno.",
			subject: "No hay asunto.",
		},
		removePerson: (who: string) => `Quitar ${who}`,
		removeFile: (name: string) => `Quitar ${name}`,
		files: "Archivos adjuntos",
		format: "Formato",
		bold: "Negrita",
		italic: "Cursiva",
		underline: "Subrayado",
		bullets: "Lista con viñetas",
		numbers: "Lista numerada",
		quote: "Cita",
		link: "Enlace",
		linkTo: "Dirección del enlace",
		linkOk: "Enlazar",
		picture: "Imagen en el texto",
		plain: "Quitar el formato",
		times: { evening: "Esta tarde", tomorrow: "Mañana por la mañana", monday: "El lunes por la mañana" },
		ownTime: "Otra hora",
		wrote: (date: string, who: string) => `El ${date}, ${who} escribió:`,
		forwarded: "---------- Mensaje reenviado ----------",
		options: "Más para este mensaje",
		importance: "Importancia",
		importances: { low: "Baja", normal: "Normal", high: "Alta" },
		receipt: "Pedir confirmación a quien lo lea",
		report: "Pedir a los servidores que confirmen la entrega",
		onlyTls: "No pasarlo nunca sin cifrado",
		onlyTlsMeans: "Si un servidor del camino no puede prometerlo, vuelve.",
		plainOnly: "Solo texto, sin formato",
		templates: "Plantillas y grupos",
		templateUse: (name: string) => `Usar «${name}»`,
		templateKeep: "Guardar este texto como plantilla",
		templateName: "Nombre para guardar",
		groupUse: (name: string, count: number) => `Escribir a «${name}» (${n(count)})`,
		groupKeep: "Guardar los destinatarios como grupo",
		groupDrop: (name: string) => `Borrar el grupo «${name}»`,
		templateDrop: (name: string) => `Borrar la plantilla «${name}»`,
		smaller: (now: string) => `Reducir las imágenes (ahora ${now})`,
		smallerDone: (then: string) => `Las imágenes ocupan ahora ${then}; ya no dicen dónde se tomaron.`,
		quoteShow: "Mostrar lo citado",
		quoteDrop: "Dejar fuera lo citado",
		more: "Más",
		attachForward: "Reenviar como archivo",
		redirect: "Redirigir…",
		redirectMeans: "Sigue tal como es: su autor es el mismo y las respuestas van a él.",
		redirected: (seconds: number) => `Sigue su camino en ${seconds} segundos`,
		again: "Editar como mensaje nuevo",
	},
	list: {
		through: (name: string) => `Lista: ${name}`,
		nameless: "Lista de correo",
		leave: "Darse de baja",
		sure: (to: string, how: string) =>
			how === "mail"
				? `Se envía a ${to} un mensaje que pide la baja de la lista.`
				: `Se avisa a ${to}, por conexión cifrada, de que dejas la lista. No se envía nada más y no se abre ninguna página.`,
		page: (to: string) =>
			`Esta lista solo se deja en su página de ${to}, que se abre en el navegador y puede reconocerte por el enlace.`,
		openPage: "Abrir la página",
		left: "La lista está avisada. Puede tardar unos días en parar.",
	},
	reports: {
		title: "Qué fue de él",
		failed: (to: string) => `No llegó a ${to}.`,
		delayed: (to: string) => `Aún no llegó a ${to}: el servidor lo sigue intentando.`,
		delivered: (to: string) => `Entregado a ${to}.`,
		relayed: (to: string) => `Pasado hacia ${to}; no se dirá si llega.`,
		expanded: (to: string) => `Entregado a la lista ${to}.`,
		displayed: (to: string) => `${to} confirmó haberlo leído.`,
	},
	outbox: {
		title: "Bandeja de salida",
		empty: "Todo ha salido.",
		underWay: "Se está enviando ahora.",
		waits: "Espera al servidor.",
		waitsUntil: (when: string) => `Sale el ${when}.`,
		unknown:
			"Puede haber llegado o no: la conexión terminó antes de la respuesta del servidor. No se envía de nuevo sola, para que nadie lo reciba dos veces.",
		refused: "El servidor no lo aceptó.",
		arrived: "Llegó",
		again: "Enviar de nuevo",
		edit: "Recuperar y editar",
		withdraw: "Borrar",
	},
	errors: {
		sign_in_refused: (x) =>
			`${x} rechazó el usuario o la contraseña. Lo que hay aquí sigue intacto. Revísalos e inténtalo otra vez.`,
		secret_missing: () =>
			"No hay contraseña guardada para esta cuenta. Lo que hay aquí sigue intacto. Indícala de nuevo.",
		secret_store: () =>
			"El almacén de contraseñas de este sistema está cerrado o no existe. Nada cambió. Ábrelo e inténtalo otra vez.",
		locked: () =>
			"Tus contraseñas están cerradas con tu frase secreta. Lo que hay aquí sigue intacto. Indícala para conectar.",
		passphrase_wrong: () => "Esa no es la frase secreta. Nada cambió. Inténtalo otra vez.",
		submission_off: (s) =>
			`${s} no deja que las aplicaciones de correo envíen por esta cuenta. Recibir funciona, y no se envió nada. Pide a quien la administra que permita “SMTP autenticado” para tu buzón.`,
		password_command: () =>
			"El comando de la contraseña falló. Lo que hay aquí sigue intacto. Ejecútalo a mano para ver por qué.",
		host_unknown: (x) =>
			`Ningún servidor responde al nombre ${x}. Lo que hay aquí sigue intacto. Revisa el nombre o la red.`,
		unreachable: (x) =>
			`Nada responde en ${x}. Lo que hay aquí sigue intacto. Revisa el puerto o inténtalo más tarde.`,
		connection_lost: () =>
			"Se cortó la conexión. Lo que llegó está guardado y nada se perdió. Malote lo intenta de nuevo solo.",
		timeout: () =>
			"El servidor dejó de responder. Lo que llegó está guardado y nada se perdió. Malote lo intenta de nuevo solo.",
		certificate: (x) =>
			`El certificado de ${x} no es de confianza, por eso no se envió ninguna contraseña. Míralo antes de continuar.`,
		no_tls: (x) =>
			`${x} no ofrece cifrado ahí, por eso no se envió ninguna contraseña. Revisa el puerto y el cifrado.`,
		protocol: () =>
			"La respuesta del servidor no tiene sentido. Lo que hay aquí sigue intacto. Malote lo intenta más tarde.",
		refused: (x) => `El servidor rechazó: ${x}. Lo que hay aquí sigue intacto.`,
		password_expired: (x) =>
			`${x} dice que la contraseña caducó. Lo que hay aquí sigue intacto. Crea otra con tu proveedor e indícala aquí.`,
		proxy: (x) =>
			`El proxy ${x} no responde o rechaza el camino. Nada se envió por fuera de él. Revísalo o inténtalo más tarde.`,
		busy: (x) => `${x} está ocupado. Nada se perdió. Malote lo intenta de nuevo solo.`,
		too_many_connections: (x) =>
			`${x} no admite más conexiones de esta cuenta. Nada se perdió. Malote sigue con menos.`,
		not_permitted: (x) =>
			`No tienes permiso para esto en ${x}. Nada cambió. Habla con quien comparte la carpeta.`,
		no_promise: (x) =>
			`${x} no puede prometer cifrado hasta el final, como pediste. El mensaje no se envió y está guardado aquí. Recupéralo y envíalo sin ese deseo, o por otra cuenta.`,
		no_foreign_letters: (x) =>
			`Tu servidor no puede escribir a ${x}: solo admite letras simples. El mensaje no se envió y está guardado aquí. Usa otra dirección u otra cuenta.`,
		no_submission: (x) =>
			`La cuenta ${x} aún no tiene servidor de envío. No se perdió nada, y lo que escribiste sigue aquí. Indica uno en Ajustes, Cuentas.`,
		file_unreadable: (x) =>
			`El archivo ${x} no se puede leer, así que no se adjuntó. Todo lo demás está como estaba. Comprueba que sigue ahí.`,
		file_too_large: (x) =>
			`${x} tiene más de 100 MB, y ningún servidor de correo acepta eso. No se adjuntó. Envía un enlace a él.`,
		already_exists: (x) => `Ya existe una carpeta ${x}. Nada cambió.`,
		contact_admin: (x) =>
			`${x} te remite a quienes lo administran. Lo que hay aquí sigue intacto. Consulta al soporte de tu proveedor.`,
		too_large: (x) => `El mensaje es más grande de lo que ${x} admite. Está guardado aquí. Redúcelo.`,
		over_quota: () => "Tu buzón en el servidor está lleno. Nada se perdió. Libera espacio allí.",
		mailbox_gone: (x) => `La carpeta ${x} no está en el servidor. Lo que hay en este equipo se conserva.`,
		disk_full: () =>
			"El disco de este equipo está lleno. Lo que había aquí está a salvo. Libera espacio e inténtalo otra vez.",
		storage_damaged: () =>
			"Los datos de este equipo están dañados. Tu correo en el servidor y lo que aún no enviaste están a salvo. Cierra Malote y ábrelo de nuevo: se repara solo.",
		storage_lost: () =>
			"Los datos de este equipo no se pueden leer, ni su copia de reserva. Nada se tocó, y tu correo en el servidor está a salvo.",
		storage_newer: () =>
			"Los datos de este equipo son de un Malote más nuevo y no se tocaron. Actualiza este.",
		storage_busy: () => "Otro Malote está usando estos datos. Nada cambió. Ciérralo e inténtalo otra vez.",
		storage: () =>
			"El almacenamiento de este equipo falló. Nada cambió. Revisa el disco e inténtalo otra vez.",
		not_found: () => "Ya no está aquí.",
		usage: (x) => `Eso no sirve: ${x}`,
		cancelled: () => "Se canceló.",
		paused: () => "Esta cuenta está en pausa. Tu correo aquí está intacto. Reanúdala en los ajustes.",
		consent_needed: () =>
			"El proveedor quiere que entres de nuevo. Tu correo aquí está intacto, y lo que espera sale después.",
		token_refused: () =>
			"El proveedor no dio permiso para entrar. No cambió nada. Inténtalo más tarde o usa una contraseña de aplicación.",
	},
};
