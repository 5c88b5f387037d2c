import type { Texts } from "./en";

const n = (count: number) => count.toLocaleString("pt-BR");
const messages = (count: number) => (count === 1 ? "1 mensagem" : `${n(count)} mensagens`);
const s = (count: number, one: string, many: string) => (count === 1 ? one : many);

export const ptBR: Texts = {
	app: "Malote",
	welcome: "Uma só caixa de correio, igual em todos os seus aparelhos.",
	welcomeMore: "Eles só compartilham o seu servidor de e-mail. Sem conta conosco, sem nada no meio.",
	address: "Endereço de e-mail",
	addressHint: "voce@exemplo.com.br",
	next: "Continuar",
	back: "Voltar",
	password: "Senha",
	yourName: "Seu nome",
	optional: "opcional",
	servers: "Servidores",
	finding: "Procurando os seus servidores…",
	receives: "Recebe de",
	sends: "Envia por",
	changeServers: "Mudar servidores, usuário e mais",
	pop3Server: "Servidor de entrada (POP3)",
	smtpServer: "Servidor de saída (SMTP)",
	tlsShort: { implicit: "criptografado", starttls: "criptografado (STARTTLS)", none: "sem criptografia" },
	sources: {
		provider: "Da lista de provedores do próprio Malote. Ninguém foi consultado.",
		exchanger: "Da lista do próprio Malote: este provedor recebe o correio do seu domínio.",
		autoconfig: "O seu próprio domínio informa. O seu endereço não foi dito a ele.",
		srv: "O serviço de nomes do seu domínio informa. Confira se você conhece estes nomes.",
		ispdb: "Da lista pública em thunderbird.net, que foi consultada só sobre o seu domínio.",
		autodiscover: "O Exchange do seu domínio informa. O seu endereço não foi dito a ele.",
		guess: "São os nomes de costume; o seu domínio não informa nada. Compare com o que o seu provedor diz.",
	},
	hints: {
		app_password: (p) =>
			`Aqui, ${p} pede uma senha de app, e não a que você usa no site. Você a cria lá, uma só vez.`,
		enable: (p) => `Talvez seja preciso antes ativar IMAP e POP3 no webmail: ${p}.`,
		bridge: (p) =>
			`${p} é acessado pelo Bridge, que precisa estar aberto neste computador. Usuário e senha são os que ele mostra.`,
		paid: (p) => `${p} só dá acesso a aplicativos de e-mail nos planos pagos.`,
		none: (p) =>
			`${p} não aceita aplicativos de e-mail: não tem IMAP nem POP3. O correio de lá só pode ser lido no aplicativo próprio.`,
		smtp_auth: (p) =>
			`Se o envio for recusado mais tarde: muitas organizações com ${p} desativaram o “SMTP AUTH”. O seu administrador pode ativá-lo.`,
		unencrypted: () =>
			"O seu domínio só indica servidores sem criptografia. O Malote não envia senha às claras. Peça ao seu provedor servidores com TLS.",
		no_client: (p) =>
			`${p} só aceita aplicativos pela própria página de entrada, e esta versão do Malote não foi registrada lá.`,
	},
	hintLink: "Ver lá",
	protocol: "Como o correio é recebido",
	imapMeans: "Pastas e marcações iguais em todos os seus aparelhos",
	pop3Means: "O correio é buscado e guardado só neste aparelho",
	leave: "No servidor",
	leaveChoice: (leave) =>
		leave === "always"
			? "Deixar tudo lá"
			: leave === "until_deleted"
				? "Remover o que for excluído de vez aqui"
				: leave === "never"
					? "Remover assim que chegar aqui"
					: `Remover ${leave.replace("d", "")} dias depois de chegar aqui`,
	leaveShared: (user) =>
		`O Gmail entrega cada mensagem a um só programa POP3. Por isso o Malote entra como ${user}: cada aparelho seu recebe tudo dos últimos 30 dias, e nada é tirado dos outros.`,
	leaveWarn:
		"O que é removido do servidor some de lá para sempre: o webmail e outros aparelhos que ainda não o buscaram nunca o verão, e a única cópia fica neste aparelho.",
	leaveSure: "Entendi",
	sizeLimit: "De mensagens acima deste tamanho, buscar só o cabeçalho (MB)",
	sizeLimitNone: "buscar todas",
	appPassword: "Senha de app",
	signInWith: (issuer) => `Entrar com ${issuer}`,
	orPassword: "ou com uma senha de app:",
	issuers: { google: "Google", microsoft: "Microsoft", yahoo: "Yahoo", aol: "AOL" },
	browserWaiting: (issuer) =>
		`A página de ${issuer} está aberta no seu navegador. Entre lá e volte; o Malote nunca vê a sua senha.`,
	browserFarewell: "Você entrou. Feche esta página e volte ao Malote.",
	browserNo: "Você não deu permissão, então nada mudou. Pode tentar de novo.",
	signInAgain: "Entrar de novo pelo navegador",
	server: "Servidor de entrada (IMAP)",
	port: "Porta",
	encryption: "Criptografia",
	tlsImplicit: "TLS",
	tlsStarttls: "STARTTLS",
	tlsNone: "Nenhuma (só neste computador)",
	userName: "Usuário",
	caFile: "Arquivo com o certificado do seu servidor",
	proxy: "Proxy",
	certificate: "O certificado do servidor",
	certificateFor: "Emitido para",
	certificateBy: "Emitido por",
	certificateHolds: "Validade",
	certificatePrint: "Impressão digital (SHA-256)",
	certificateFaults: {
		expired: "Ele venceu.",
		not_yet_valid: "Ele ainda não vale, ou o relógio deste aparelho está errado.",
		other_name: "Ele foi emitido para outro servidor.",
		unknown_issuer: "Ninguém em quem este aparelho confia o emitiu; o próprio servidor pode tê-lo feito.",
		revoked: "Ele foi revogado.",
		invalid: "Ele não está em ordem.",
	},
	certificateWarn:
		"Alguém entre você e o servidor poderia mostrar um certificado assim e ler a sua senha. Confie nele só se a impressão digital for a que o administrador do servidor lhe passou.",
	certificateTrust: "Confiar neste certificado",
	signIn: "Entrar",
	signingIn: "Entrando…",
	notAnAddress: "Isso não parece um endereço de e-mail.",
	passwordNotKept:
		"Este aparelho não tem um lugar seguro para a senha. O Malote vai pedi-la na próxima vez que abrir.",
	passphrase: "Frase secreta",
	passphraseAgain: "A frase secreta de novo",
	passphraseChoose: "Guardar com uma frase secreta",
	passphraseUnlock: "Destrancar",
	passphraseShort: (n: number) => `Escolha ao menos ${n} caracteres.`,
	passphraseDiffers: "As duas não são iguais.",
	passphraseOffer:
		"Ou escolha uma frase secreta: o Malote guarda as senhas trancadas com ela e a pede uma vez a cada início. Esquecida, não há como recuperá-la; você informaria as senhas de novo.",
	passphraseLost: "Não sei mais qual é",
	passphraseLostSure:
		"As senhas que ela tranca são esquecidas com ela, e você as informa de novo. Seus e-mails ficam.",
	passphraseForget: "Esquecer as senhas",
	passphraseChange: "Trocar a frase secreta",
	passphraseChanged: "A frase secreta foi trocada.",
	passphraseKept: "As senhas estão guardadas.",
	anotherAccount: "Adicionar uma conta",
	folders: "Pastas",
	inbox: "Entrada",
	flagged: "Com estrela",
	drafts: "Rascunhos",
	sent: "Enviados",
	archiveBox: "Arquivo",
	all: "Todos",
	junkBox: "Spam",
	trashBox: "Lixeira",
	goneFolder: "Não está mais no servidor; o que está aqui fica guardado",
	folderActions: (name) => `O que fazer com a pasta ${name}`,
	folderNew: "Nova pasta",
	folderNewIn: (name) => `Nova pasta dentro de ${name}`,
	folderName: "Nome",
	folderCreate: "Criar",
	folderRename: "Renomear",
	folderEmpty: "Esvaziar",
	folderEmptySure: (name) =>
		`Tudo em ${name} será excluído de vez, no servidor também. Você tem dez segundos para desfazer.`,
	folderRemove: "Excluir a pasta",
	folderRemoveSure: (name) =>
		`${name} e as pastas dentro dela serão excluídas. As mensagens vão para a Lixeira.`,
	labelRemoveSure: (name) =>
		`${name} e as pastas dentro dela são excluídas. As mensagens delas continuam em Todos os e-mails.`,
	folderSubscribe: "Assinar",
	folderUse: "Usar para",
	folderUseNone: "Nada especial",
	folderUnsubscribe: "Deixar de assinar",
	unread: (count) => s(count, "1 não lida", `${n(count)} não lidas`),
	messages,
	hereOf: (here, all) => `${n(here)} de ${n(all)} aqui`,
	selected: (count) => s(count, "1 selecionada", `${n(count)} selecionadas`),
	selectAll: "Selecionar todas as carregadas",
	clearSelection: "Limpar seleção",
	select: (who) => `Selecionar a mensagem de ${who}`,
	emptyFolder: "Nada por aqui",
	emptyFolderMore: "Esta pasta não tem mensagens.",
	notFetched: "Ainda não buscadas",
	notFetchedMore: (count) => `O servidor tem ${messages(count)} aqui. Elas chegam assim que houver conexão.`,
	loadFailed: "Não foi possível ler esta lista.",
	tryAgain: "Tentar de novo",
	search: "Buscar",
	closeSearch: "Fechar busca",
	find: {
		hint: "Buscar mensagens",
		keep: "Guardar esta busca",
		forget: "Não guardar mais",
		forgetThis: (name: string) => `Esquecer a busca “${name}”`,
		saved: "Buscas",
		suggestions: "Sugestões",
		where: "Onde buscar",
		everywhere: "Tudo",
		not: "não",
		without: (what: string) => `Remover “${what}”`,
		names: {
			from: "De",
			to: "Para",
			subject: "Assunto",
			body: "Texto",
			file: "Arquivo",
			in: "Pasta",
			has: "Com",
			is: "Está",
			before: "Antes de",
			after: "Desde",
			larger: "Maior que",
			smaller: "Menor que",
		},
		values: {
			attachment: "anexos",
			unread: "não lida",
			read: "lida",
			starred: "com estrela",
			answered: "respondida",
			draft: "rascunho",
			me: "eu",
		},
		say: { from: "de", to: "para", in: "em" },
		conditions: [
			["de:", "Remetente"],
			["para:", "Destinatário"],
			["assunto:", "Assunto"],
			["em:", "Pasta"],
			["tem:anexo", "Com anexos"],
			["está:não-lida", "Não lidas"],
			["está:destacada", "Com estrela"],
			["depois:", "Desde um dia: 01/05/2024, 7d, 1a"],
			["antes:", "Antes de um dia"],
			["arquivo:", "Nome ou texto de um arquivo"],
			["maior:", "Maior que: 5M"],
			["em:tudo", "Também na lixeira e no spam"],
		],
		found: (count: number, more: boolean) =>
			more ? `Mais de ${n(count)} encontradas` : count === 1 ? "1 encontrada" : `${n(count)} encontradas`,
		covered: (accounts: number, here: number, all: number, texts: number) =>
			`pesquisados ${here < all ? `${n(here)} de ${n(all)}` : `todos os ${n(all)}`} cabeçalhos${accounts > 1 ? ` de ${n(accounts)} contas` : ""}${texts < here ? `, ${n(texts)} textos` : " e todos os textos"}`,
		asking: (count: number) =>
			count === 1
				? "perguntando ao servidor pelo resto…"
				: `perguntando a ${n(count)} servidores pelo resto…`,
		answered: (count: number) =>
			count === 1 ? "o servidor respondeu pelo resto" : `${n(count)} servidores responderam pelo resto`,
		failed: (count: number) =>
			count === 1
				? "um servidor não pôde ser consultado"
				: `${n(count)} servidores não puderam ser consultados`,
		elsewhere: (count: number) => `mais ${n(count)} no servidor, ainda não aqui`,
		waiting: (count: number) => `${n(count)} ainda por indexar`,
		spared: "sem lixeira e spam",
		nothing: "Nada encontrado",
		nothingMore: "Outras palavras, ou menos, podem ajudar. Com “em:tudo” a busca inclui a lixeira e o spam.",
	},
	noSubject: "(sem assunto)",
	noSender: "(sem remetente)",
	unreadMark: "Não lida",
	attachmentMark: "Com anexo",
	answeredMark: "Respondida",
	archive: "Arquivar",
	trash: "Excluir",
	deleteForever: "Excluir de vez",
	junk: "Spam",
	moveTo: "Mover para…",
	star: "Pôr estrela",
	unstar: "Tirar estrela",
	markRead: "Marcar como lida",
	markUnread: "Marcar como não lida",
	undo: "Desfazer",
	refresh: "Verificar agora",
	settings: "Ajustes",
	close: "Fechar",
	help: "Atalhos do teclado",
	filterFolders: "Achar uma pasta",
	done: {
		read: (count) => `${messages(count)} ${s(count, "marcada como lida", "marcadas como lidas")}`,
		unread: (count) => `${messages(count)} ${s(count, "marcada como não lida", "marcadas como não lidas")}`,
		star: (count) => `${messages(count)} com estrela`,
		unstar: (count) => `Estrela tirada de ${messages(count)}`,
		archive: (count) => `${messages(count)} ${s(count, "arquivada", "arquivadas")}`,
		trash: (count) => `${messages(count)} na Lixeira`,
		junk: (count) => `${messages(count)} no Spam`,
		move: (count, target) => `${messages(count)} ${s(count, "movida", "movidas")} para ${target}`,
		delete: (count) => `${messages(count)} ${s(count, "excluída", "excluídas")} de vez`,
		copy: (count, target) => `${messages(count)} ${s(count, "copiada", "copiadas")} para ${target}`,
		create: (_count, target) => `Pasta ${target} criada`,
		rename: (_count, target) => `Pasta renomeada para ${target}`,
		remove: () => "Pasta excluída; as mensagens dela estão na Lixeira",
		empty: (_count, target) => `${target}: esvaziada`,
		subscribe: (_count, target) => `Você assina ${target}`,
		use: (_count, target) => `${target}: uso alterado`,
		unsubscribe: (_count, target) => `Você não assina mais ${target}`,
		insist: () => "Feito do seu jeito",
	},
	undone: "Desfeito",
	undonePart: "Desfeito em parte: o servidor já havia removido algumas",
	nothingToUndo: "Nada a desfazer",
	conversation: {
		history: "O que já foi dito antes",
		me: "eu",
		count: (n) => `${n.toLocaleString("pt-BR")} mensagens`,
		more: (n) => `Mais ${n.toLocaleString("pt-BR")} mensagens`,
		draft: "Rascunho",
		grouped: "Mensagens na lista",
		together: "Juntas, por conversa",
		single: "Uma a uma",
	},
	unified: "Todas as contas",
	nothingOpen: "Nenhuma mensagem aberta",
	nothingOpenMore: "Escolha uma na lista ou aperte j.",
	manySelected: "O que fazer com elas?",
	from: "De",
	to: "Para",
	fetching: "Buscando a mensagem…",
	fetchFailed: "Esta mensagem não está neste aparelho e não pôde ser buscada.",
	blocked: (count) =>
		s(
			count,
			"1 imagem remota ficou de fora: ela poderia contar ao remetente que você leu.",
			`${n(count)} imagens remotas ficaram de fora: elas poderiam contar ao remetente que você leu.`,
		),
	attachments: (count) => s(count, "1 anexo", `${n(count)} anexos`),
	save: "Salvar",
	open: "Abrir",
	fetchingOf: (here, size) => `Buscando: ${here} de ${size}`,
	notHere: "Ainda no servidor: é buscado quando você abrir",
	pin: "Manter neste aparelho",
	unpin: "Não manter mais neste aparelho",
	pinned: "Fica neste aparelho, com os anexos",
	unpinned: "Fica neste aparelho só enquanto a escolha da conta mandar",
	savedTo: (path) => `Salvo: ${path}`,
	messageBody: "Mensagem",
	inStepAt: (time) => `Em dia, ${time}`,
	connecting: "Conectando…",
	working: "Atualizando…",
	waiting: (count) => s(count, "1 mudança ainda não enviada", `${n(count)} mudanças ainda não enviadas`),
	savedCopies: (time) => `Mostrando o que está neste aparelho, em dia pela última vez ${time}.`,
	savedCopiesOnly: "Mostrando o que está neste aparelho.",
	dismiss: "Dispensar",
	decided: (count) =>
		s(
			count,
			"Uma das suas mudanças foi superada por outro aparelho ou recusada pelo servidor.",
			`${n(count)} das suas mudanças foram superadas por outros aparelhos ou recusadas pelo servidor.`,
		),
	decidedSee: "Ver o que foi decidido",
	decidedTitle: "O que foi decidido",
	decidedSeen: "Já vi tudo",
	decidedInsist: "Fazer do meu jeito",
	decidedCodes: {
		moved_elsewhere: (place) => `Já tinha saído de ${place}: outro aparelho moveu ou excluiu antes.`,
		gone_meanwhile: (place) => `Não estava mais em ${place}.`,
		refused: (place) => `O servidor recusou isso em ${place}.`,
	},
	decidedWishes: {
		flag: (what) => `Você queria marcá-la: ${what}`,
		move: (what) => `Você queria movê-la para ${what}`,
		copy: (what) => `Você queria copiá-la para ${what}`,
		delete: () => "Você queria excluí-la de vez",
	},
	notices: {
		server_alert: (subject) => `Seu servidor de e-mail avisa: “${subject}”`,
		mailbox_gone: (subject, count) =>
			`A pasta ${subject} não está mais no servidor. ${s(count, "A mensagem dela neste aparelho fica guardada", `As ${messages(count)} dela neste aparelho ficam guardadas`)}.`,
		refused_flag: (subject, count) =>
			`O servidor recusou uma mudança em ${messages(count)} de ${subject}. Ela foi desfeita aqui.`,
		refused_move: (subject, count) =>
			`O servidor recusou mover ${messages(count)} de ${subject}. Elas voltaram para lá.`,
		refused_delete: (subject, count) =>
			`O servidor recusou excluir ${messages(count)} de ${subject}. Elas voltaram para lá.`,
		refused_gone: (subject, count) =>
			`${subject} não abre no servidor; ${s(count, "1 mudança lá foi desfeita", `${n(count)} mudanças lá foram desfeitas`)}.`,
		refused_copy: (subject, count) =>
			`O servidor recusou copiar ${messages(count)} de ${subject}. Elas estão onde estavam.`,
		refused_append: (subject) =>
			`Uma mensagem não pôde ser posta em ${subject}, porque o texto dela não está mais neste aparelho.`,
		refused_create: (subject) =>
			`O servidor recusou criar a pasta ${subject}. Nada se perdeu: o que ia para ela está onde estava.`,
		refused_rename: (subject) => `O servidor recusou renomear ${subject}. Ela continua com o nome antigo.`,
		refused_remove: (subject) =>
			`O servidor recusou excluir a pasta ${subject}. Ela voltou; as mensagens dela estão na Lixeira.`,
		refused_subscribe: (subject) => `O servidor recusou mudar a assinatura de ${subject}.`,
		refused_empty: (subject) => `O servidor recusou esvaziar ${subject}. As mensagens voltaram.`,
		moved_elsewhere: (subject, count) =>
			`Outro aparelho já tinha movido ou excluído ${messages(count)} de ${subject}. A decisão dele vale.`,
		storage_damaged: () =>
			"Parte dos dados deste aparelho está danificada. O que você ainda não enviou está a salvo. Feche o Malote e abra de novo: ele se conserta sozinho.",
		storage_salvaged: (subject, count) =>
			`Os dados deste aparelho estavam danificados e foram refeitos: ${n(count)} alterações não enviadas foram mantidas, e seu correio está sendo buscado de novo. Os arquivos danificados estão em ${subject}.`,
		send_refused: (s) =>
			`“${s}” não foi enviada: o servidor não a aceita. Ela fica na caixa de saída, com o motivo.`,
		bounced: (s) =>
			`“${s}” não chegou a todos os destinatários. Abra-a em Enviados para ver a quem e por quê.`,
		send_unknown: (s) =>
			`A conexão caiu no exato momento em que “${s}” saía: pode ter chegado ou não. Ela fica na caixa de saída e não é enviada de novo por conta própria.`,
		sending_off: (s) =>
			`${s} não deixa aplicativos de e-mail enviarem por esta conta; receber funciona. Peça a quem a administra que permita “SMTP autenticado” para a sua caixa.`,
		sending_refused: (s) =>
			`${s} não aceitou o usuário ou a senha para enviar; receber funciona. Alguns provedores pedem uma senha de app para isso. Veja a conta nas configurações.`,
		gone_meanwhile: (subject, count) =>
			`${s(count, "1 mudança", `${n(count)} mudanças`)} em ${subject} eram de mensagens que não estão mais no servidor.`,
	},
	language: "Idioma",
	theme: "Aparência",
	density: "Densidade da lista",
	auto: "Como o sistema",
	light: "Claro",
	dark: "Escuro",
	compact: "Compacta",
	standard: "Normal",
	relaxed: "Espaçosa",
	accounts: "Contas",
	keep: "Guardar neste aparelho",
	keepAsAccount: (choice) => `Como a conta: ${choice}`,
	keepChoice: (keep) =>
		keep === "all"
			? "Tudo"
			: keep === "headers"
				? "Só a lista; mensagens ao abrir"
				: `Mensagens inteiras dos últimos ${keep.replace("d", "")} dias`,
	budget: "Receber no máximo, por dia (MB)",
	budgetUp: "Enviar no máximo, por dia (MB)",
	budgetNone: "sem limite",
	today: (down, up) => `Hoje: ${down} recebidos, ${up} enviados`,
	spent:
		"Quase tudo o que o provedor permite para hoje já foi usado. Mensagens novas e o que você abrir ainda chegam; o resto vem amanhã.",
	draftsWait:
		"Quase tudo o que pode ser enviado hoje já foi. Mensagens ainda saem; o que você está escrevendo fica neste aparelho e chega aos outros amanhã.",
	spentShort: "O resto vem amanhã",
	traffic: (down, up) => `Em 30 dias: ${down} recebidos, ${up} enviados`,
	pauseAccount: "Pausar",
	resumeAccount: "Retomar",
	paused: "Em pausa",
	moveUp: (account) => `Mover ${account} para cima`,
	changeAccount: "Servidores e nome",
	saveChanges: "Salvar",
	changesSaved: "Salvo",
	identities: "Outros endereços com que você escreve",
	identitiesHint: "Um por linha, como Ana Souza <ana@exemplo.com.br>",
	trusted: "Você confia mesmo assim em um certificado deste servidor:",
	trustNoMore: "Deixar de confiar",
	removeAccount: "Remover deste aparelho",
	removeAccountSure: (pop3) =>
		pop3
			? "Remover esta conta deste aparelho? O servidor não é tocado. Mas as mensagens que já não estão lá, e tudo o que foi organizado aqui, serão perdidos."
			: "Remover esta conta deste aparelho? Tudo fica no servidor. Mudanças que ainda não foram enviadas serão perdidas.",
	remove: "Remover",
	cancel: "Cancelar",
	newPassword: "Informe a senha de novo",
	keys: {
		next: "Próxima mensagem",
		previous: "Mensagem anterior",
		open: "Abrir",
		back: "Voltar à lista",
		compose: "Escrever",
		reply: "Responder",
		replyAll: "Responder a todos",
		forward: "Encaminhar",
		archive: "Arquivar",
		trash: "Excluir",
		junk: "Spam",
		star: "Estrela",
		read: "Lida ou não lida",
		select: "Selecionar",
		move: "Mover para uma pasta",
		undo: "Desfazer",
		search: "Buscar",
		inbox: "Ir para a Entrada",
		refresh: "Verificar agora",
		help: "Esta lista",
	},
	// escrever
	compose: {
		write: "Escrever",
		title: "Nova mensagem",
		reply: "Responder",
		replyAll: "Responder a todos",
		forward: "Encaminhar",
		answers: "Responder ou encaminhar",
		cc: "Cc",
		bcc: "Cco",
		subject: "Assunto",
		date: "Data",
		text: "Mensagem",
		send: "Enviar",
		later: "Enviar depois",
		attach: "Anexar arquivos",
		discard: "Descartar o rascunho",
		discarded: "Rascunho descartado",
		close: "Fechar; o rascunho fica guardado",
		minimise: "Minimizar",
		restore: "Restaurar",
		enlarge: "Ampliar",
		dock: "Diminuir",
		popOut: "Abrir em janela própria",
		saving: "Salvando…",
		saved: "Rascunho salvo",
		sending: (seconds: number) => `Sai em ${seconds} segundos`,
		undoFor: "Desfazer o envio, por",
		undoSeconds: (count: number) => `${count} segundos`,
		signatureOf: (address: string) => `Assinatura de ${address}`,
		signatureHint: "O que fica abaixo das suas mensagens",
		willSend: (when: string) => `Sai em ${when}`,
		sendAnyway: "Enviar assim mesmo",
		others: (count: number) =>
			count === 1
				? "Outro dispositivo continuou o mesmo rascunho. As duas versões estão em Rascunhos: nada foi sobrescrito."
				: `Outros dispositivos continuaram o mesmo rascunho. As ${n(count + 1)} versões estão em Rascunhos: nada foi sobrescrito.`,
		large: (size: string) =>
			`${size} em arquivos. Muitos servidores não aceitam mais de 25 MB; se um recusar, a mensagem fica aqui.`,
		doubts: {
			nobody: "Ninguém foi indicado como destinatário.",
			address: "O destinatário em vermelho não é um endereço. Corrija ou retire.",
			attachment: "Você menciona um anexo, e não há nenhum.",
			subject: "Não há assunto.",
		},
		removePerson: (who: string) => `Retirar ${who}`,
		removeFile: (name: string) => `Retirar ${name}`,
		files: "Arquivos anexados",
		format: "Formatação",
		bold: "Negrito",
		italic: "Itálico",
		underline: "Sublinhado",
		bullets: "Lista com marcadores",
		numbers: "Lista numerada",
		quote: "Citação",
		link: "Link",
		linkTo: "Endereço do link",
		linkOk: "Criar link",
		picture: "Imagem no texto",
		plain: "Limpar a formatação",
		times: { evening: "Hoje à noite", tomorrow: "Amanhã de manhã", monday: "Segunda de manhã" },
		ownTime: "Outra hora",
		wrote: (date: string, who: string) => `Em ${date}, ${who} escreveu:`,
		forwarded: "---------- Mensagem encaminhada ----------",
		options: "Mais para esta mensagem",
		importance: "Importância",
		importances: { low: "Baixa", normal: "Normal", high: "Alta" },
		receipt: "Pedir confirmação a quem ler",
		report: "Pedir aos servidores que confirmem a entrega",
		onlyTls: "Nunca repassar sem criptografia",
		onlyTlsMeans: "Se um servidor do caminho não puder prometer isso, ela volta.",
		plainOnly: "Só texto, sem formatação",
		templates: "Modelos e grupos",
		templateUse: (name: string) => `Usar “${name}”`,
		templateKeep: "Guardar este texto como modelo",
		templateName: "Nome para guardar",
		groupUse: (name: string, count: number) => `Escrever a “${name}” (${n(count)})`,
		groupKeep: "Guardar os destinatários como grupo",
		groupDrop: (name: string) => `Apagar o grupo “${name}”`,
		templateDrop: (name: string) => `Apagar o modelo “${name}”`,
		smaller: (now: string) => `Diminuir as imagens (agora ${now})`,
		smallerDone: (then: string) =>
			`As imagens têm agora ${then}; o lugar onde foram feitas não está mais nelas.`,
		quoteShow: "Mostrar o que é citado",
		quoteDrop: "Deixar de fora o que é citado",
		more: "Mais",
		attachForward: "Encaminhar como arquivo",
		redirect: "Redirecionar…",
		redirectMeans: "Ela segue como está: o autor continua o mesmo, e as respostas vão para ele.",
		redirected: (seconds: number) => `Segue em ${seconds} segundos`,
		again: "Editar como mensagem nova",
	},
	list: {
		through: (name: string) => `Lista: ${name}`,
		nameless: "Lista de e-mails",
		leave: "Cancelar inscrição",
		sure: (to: string, how: string) =>
			how === "mail"
				? `Uma mensagem pedindo a saída da lista é enviada para ${to}.`
				: `${to} é avisado, por conexão criptografada, de que você sai da lista. Nada mais é enviado, e nenhuma página se abre.`,
		page: (to: string) =>
			`Só se sai desta lista na página dela em ${to}, que se abre no navegador e pode reconhecer você pelo link.`,
		openPage: "Abrir a página",
		left: "A lista foi avisada. Pode levar alguns dias para parar.",
	},
	reports: {
		title: "O que aconteceu com ela",
		failed: (to: string) => `Não chegou a ${to}.`,
		delayed: (to: string) => `Ainda não chegou a ${to}: o servidor continua tentando.`,
		delivered: (to: string) => `Entregue a ${to}.`,
		relayed: (to: string) => `Repassada rumo a ${to}; não será dito se chega.`,
		expanded: (to: string) => `Entregue à lista ${to}.`,
		displayed: (to: string) => `${to} confirmou a leitura.`,
	},
	outbox: {
		title: "Caixa de saída",
		empty: "Tudo já saiu.",
		underWay: "Está sendo enviada agora.",
		waits: "Espera pelo servidor.",
		waitsUntil: (when: string) => `Sai em ${when}.`,
		unknown:
			"Pode ter chegado ou não: a conexão acabou antes da resposta do servidor. Não será enviada de novo sozinha, para que ninguém a receba duas vezes.",
		refused: "O servidor não a aceitou.",
		arrived: "Ela chegou",
		again: "Enviar de novo",
		edit: "Trazer de volta e editar",
		withdraw: "Apagar",
	},
	errors: {
		sign_in_refused: (x) =>
			`${x} recusou o usuário ou a senha. O que está aqui continua intacto. Confira e tente de novo.`,
		secret_missing: () =>
			"Não há senha guardada para esta conta. O que está aqui continua intacto. Informe-a de novo.",
		secret_store: () =>
			"O cofre de senhas deste sistema está fechado ou não existe. Nada mudou. Abra-o e tente de novo.",
		locked: () =>
			"Suas senhas estão trancadas com a sua frase secreta. O que está aqui continua intacto. Informe-a para conectar.",
		passphrase_wrong: () => "Essa não é a frase secreta. Nada mudou. Tente de novo.",
		submission_off: (s) =>
			`${s} não deixa aplicativos de e-mail enviarem por esta conta. Receber funciona, e nada foi enviado. Peça a quem a administra que permita “SMTP autenticado” para a sua caixa.`,
		password_command: () =>
			"O comando da senha falhou. O que está aqui continua intacto. Rode-o à mão para ver o motivo.",
		host_unknown: (x) =>
			`Nenhum servidor atende pelo nome ${x}. O que está aqui continua intacto. Confira o nome ou a rede.`,
		unreachable: (x) =>
			`Nada responde em ${x}. O que está aqui continua intacto. Confira a porta ou tente mais tarde.`,
		connection_lost: () =>
			"A conexão caiu. O que já chegou está guardado e nada se perdeu. O Malote tenta de novo sozinho.",
		timeout: () =>
			"O servidor parou de responder. O que já chegou está guardado e nada se perdeu. O Malote tenta de novo sozinho.",
		certificate: (x) =>
			`O certificado de ${x} não é confiável, por isso nenhuma senha foi enviada. Veja qual é antes de continuar.`,
		no_tls: (x) =>
			`${x} não oferece criptografia ali, por isso nenhuma senha foi enviada. Confira a porta e a criptografia.`,
		protocol: () =>
			"A resposta do servidor não faz sentido. O que está aqui continua intacto. O Malote tenta mais tarde.",
		refused: (x) => `O servidor recusou: ${x}. O que está aqui continua intacto.`,
		password_expired: (x) =>
			`${x} diz que a senha venceu. O que está aqui continua intacto. Crie outra no seu provedor e informe-a aqui.`,
		proxy: (x) =>
			`O proxy ${x} não responde ou recusa o caminho. Nada foi enviado por fora dele. Confira-o ou tente mais tarde.`,
		busy: (x) => `${x} está ocupado. Nada se perdeu. O Malote tenta de novo sozinho.`,
		too_many_connections: (x) =>
			`${x} não aceita mais conexões desta conta. Nada se perdeu. O Malote continua com menos.`,
		not_permitted: (x) =>
			`Você não tem permissão para isso em ${x}. Nada mudou. Fale com quem compartilha a pasta.`,
		no_promise: (x) =>
			`${x} não pode prometer criptografia até o fim, como você pediu. A mensagem não foi enviada e está guardada aqui. Traga-a de volta e envie sem esse pedido, ou por outra conta.`,
		no_foreign_letters: (x) =>
			`Seu servidor não consegue escrever para ${x}: só aceita letras simples. A mensagem não foi enviada e está guardada aqui. Use outro endereço ou outra conta.`,
		no_submission: (x) =>
			`A conta ${x} ainda não tem servidor de envio. Nada se perdeu, e o que você escreveu fica aqui. Informe um em Ajustes, Contas.`,
		file_unreadable: (x) =>
			`O arquivo ${x} não pode ser lido, por isso não foi anexado. Todo o resto está como estava. Veja se ele ainda está lá.`,
		file_too_large: (x) =>
			`${x} tem mais de 100 MB, e nenhum servidor de e-mail aceita isso. Não foi anexado. Envie um link para ele.`,
		already_exists: (x) => `Já existe uma pasta ${x}. Nada mudou.`,
		contact_admin: (x) =>
			`${x} pede que você fale com quem o administra. O que está aqui continua intacto. Procure o suporte do provedor.`,
		too_large: (x) => `A mensagem é maior do que ${x} aceita. Ela está guardada aqui. Diminua-a.`,
		over_quota: () => "Sua caixa no servidor está cheia. Nada se perdeu. Libere espaço lá.",
		mailbox_gone: (x) => `A pasta ${x} não está no servidor. O que está neste aparelho fica guardado.`,
		disk_full: () =>
			"O disco deste aparelho está cheio. O que estava aqui está a salvo. Libere espaço e tente de novo.",
		storage_damaged: () =>
			"Os dados deste aparelho estão danificados. Seu correio no servidor e o que você ainda não enviou estão a salvo. Feche o Malote e abra de novo: ele se conserta sozinho.",
		storage_lost: () =>
			"Os dados deste aparelho não podem ser lidos, nem a cópia reserva. Nada foi tocado, e seu correio no servidor está a salvo.",
		storage_newer: () =>
			"Os dados deste aparelho são de um Malote mais novo e não foram tocados. Atualize este.",
		storage_busy: () => "Outro Malote está usando estes dados. Nada mudou. Feche-o e tente de novo.",
		storage: () => "O armazenamento deste aparelho falhou. Nada mudou. Confira o disco e tente de novo.",
		not_found: () => "Não está mais aqui.",
		usage: (x) => `Isso não serve: ${x}`,
		cancelled: () => "Foi cancelado.",
		paused: () => "Esta conta está em pausa. Seu correio aqui está intacto. Retome-a nas configurações.",
		consent_needed: () =>
			"O provedor quer que você entre de novo. Seu correio aqui está intacto, e o que espera sai depois.",
		token_refused: () =>
			"O provedor não deu permissão para entrar. Nada mudou. Tente mais tarde ou use uma senha de app.",
	},
};
