// Every word that the page says, in one place, in each language. To add one: an object like `german`, its name in
// `languages` and in settings.ts; it does not compile until it is complete.

import type { ReachedLimit } from '../common/errors.ts';
import type { WaitCause } from '../common/manager-api.ts';
import type { EndReason, Saved } from '../common/socket.ts';
import { product } from './brand.ts';
import type { Failure, State } from './session/state.ts';
import type { Settings } from './settings/settings.ts';

type Words = { title: string; detail: string };

const english = {
  connecting: 'Connecting',
  reconnecting: 'Reconnecting',
  /** While there is no way to send keys. */
  notSent: 'Not connected: keys are not sent',
  tryingAgain: (seconds: number) => `Trying again in ${duration(seconds)}`,
  trying: 'Trying again',
  now: 'Try now',
  replaced: {
    terminal: 'Your previous terminal failed, and its files are lost. This is a new one.',
    run: 'Your terminal failed and was restarted. Your files are still here, but your programs have stopped.',
  },
  /** Why the former terminal ended, if it reported that. */
  ended: {
    exit: 'The shell of your previous terminal has ended. This is a new one.',
    run: 'The command of your previous terminal has ended. This is a new one.',
    idle: (time: string) => `Your previous terminal was closed after ${time} without input. This is a new one.`,
    lifetime: 'The time of your previous terminal was up. This is a new one.',
    processes: 'Your previous terminal was closed because it ran too many programs at once. This is a new one.',
  },
  /** Why the terminal is relayed. */
  relayed: {
    network:
      'This network blocks the direct connection to your terminal. The connection goes through our server instead, and everything works as usual.',
    policy:
      'A security policy blocks the direct connection to your terminal. The connection goes through our server instead, and everything works as usual.',
    insecure:
      'Your browser allows no direct connection from this HTTPS page to your terminal. The connection goes through our server instead, and everything works as usual.',
    'local-network':
      'Your browser keeps this page out of the local network, where your terminal is. The connection goes through our server instead, and everything works as usual.',
  },
  forgetful:
    'Your browser does not let this page store anything. You can reload it, but if you close this tab, you lose your terminal.',
  idRemoved:
    'A proxy between you and our server removes the header Warmterm-Visitor. You can reload this page, but if you close this tab, you lose your terminal.',
  handed:
    'This link comes from a command-line client (warmterm open). Show the terminals of that client in this tab?\n\n' +
    'Accept only if you made the link yourself. Otherwise everything that you type goes to a terminal of the person who made it.',
  queue: {
    title: (place: number) => (place === 1 ? 'You are next' : `You are number ${place} in line`),
    short: (place: number) => (place === 1 ? 'Next' : `Number ${place}`),
    about: (time: string) => `A terminal should be free in about ${time}.`,
    between: (from: string, to: string) => `A terminal should be free in ${from} to ${to}.`,
    within: (to: string) => `A terminal should be free within ${to}.`,
    latest: (time: string) => `A terminal will be free in ${time} at the latest.`,
    unknown: 'We do not know yet when a terminal will be free.',
    /** Why it takes longer than was said. */
    causes: {
      'starts-fail': 'Terminals are not starting at the moment.',
      'starts-failed': 'For a while, no terminal could start.',
      'slow-starts': 'Terminals are starting more slowly than before.',
      'long-sessions': 'People are using their terminals for longer than before.',
      'fewer-terminals': 'There are fewer terminals than before.',
      'others-first': 'People who were ahead of you have come back.',
    } satisfies Record<WaitCause, string>,
    next: 'Keep this page open. Your terminal starts here by itself.',
  },
  startNew: 'Start a new terminal',
  signIn: 'Reload to sign in',
  reload: 'Reload this page',
  details: 'Details',
  tryAgain: 'Try again',
  ownTerminal: 'Open your own terminal',
  solving: {
    title: 'One moment',
    detail: 'Many terminals were opened from your network. Your browser solves a small task before you get one.',
  },
  orEnter: 'or press Enter',
  idle: (seconds: number) =>
    `Still there? This terminal closes in ${duration(seconds)}, and its files are deleted. Type anything to stay.`,
  lifetime: (seconds: number) =>
    `The time of this terminal is up in ${duration(seconds)}. Save what you need: its files are deleted.`,
  idleSoon: 'Still there? This terminal closes soon, and its files are deleted. Type anything to stay.',
  lifetimeSoon: 'The time of this terminal is up soon. Save what you need: its files are deleted.',
  /** In the browser's tab. */
  endsSoon: 'Closes soon',
  dismiss: 'Hide',
  partMissing: 'This part of the page did not load. Reload the page and try again. Your terminal keeps running.',
  close: 'Close',
  cancel: 'Cancel',
  copied: 'Copied',
  copy: 'Copy',
  copyBlocked: 'Your browser did not let this page copy.',
  programCopies: 'A program in this terminal wants to copy to your clipboard.',
  allow: 'Allow',
  deny: 'Do not allow',
  rang: 'The bell rang',
  /** What a finger has selected. */
  selection: 'Selection',
  keyRow: {
    label: 'Keys',
    left: 'Left',
    down: 'Down',
    up: 'Up',
    right: 'Right',
    interrupt: 'Ctrl+C: stop the program',
    home: 'To the start of the line',
    end: 'To the end of the line',
    pageUp: 'Page up',
    pageDown: 'Page down',
    /** On the keys. */
    homeKey: 'Home',
    endKey: 'End',
    pageUpKey: 'PgUp',
    pageDownKey: 'PgDn',
    /** Of Ctrl or Alt, after two taps. */
    locked: (key: string) => `${key}, locked`,
  },
  paste: {
    title: (lines: number) => (lines === 1 ? 'Paste this line?' : `Paste ${lines} lines?`),
    runs: 'Each line runs as soon as it is pasted.',
    waits: 'Nothing runs until you press Enter.',
    dropped: (count: number) =>
      count === 1 ? 'One control character is left out.' : `${count} control characters are left out.`,
    preview: 'Text to paste',
    trust: 'Do not ask again in this tab',
    paste: 'Paste',
  },
  /** What a session's end means to the one who had it. */
  endings: {
    exit: {
      title: 'The shell has ended',
      detail: 'This terminal is closed, and its files are deleted. You can still read and copy what is on the screen.',
    },
    run: { title: 'The command has ended', detail: 'This terminal was only for that command. Its files are deleted.' },
    idle: {
      title: 'This terminal was not used',
      detail: 'It was closed to make room for others, and its files are deleted.',
    },
    lifetime: {
      title: 'Time is up',
      detail: 'This terminal has reached its time limit and was closed. Its files are deleted.',
    },
    processes: {
      title: 'Too many programs',
      detail: 'This terminal ran too many programs at once and was closed. Its files are deleted.',
    },
    owner: {
      title: 'You have ended this terminal',
      detail: 'You ended it here or in another tab. Its files are deleted.',
    },
    administrator: {
      title: 'This terminal was ended',
      detail: 'An administrator or the system ended it. Its files are deleted.',
    },
    deleted: {
      title: 'This terminal was closed',
      detail: 'It was ended, or its machine is being shut down. Its files are deleted.',
    },
  } satisfies Record<EndReason, Words>,
  /** What is said while the hook saves the visitor's work, and what came of it. */
  saving: {
    title: 'Your work is being saved',
    result: ({ result, exitCode }: Saved) => {
      if (result === 'saved') return 'Your work was saved.';
      if (result === 'timed-out') return 'Saving your work took too long, and was stopped.';
      return `Saving your work has failed${exitCode === undefined ? '' : ` (exit code ${exitCode})`}.`;
    },
    output: 'Messages while saving',
  },
  /** Why there is no terminal: the title says it, the detail what it means. Without one, the server's is shown. */
  failures: {
    'challenge-required': {
      title: 'Your network is busy',
      detail: 'Many terminals were opened from it. This page tries again by itself.',
    },
    'too-many-requests': { title: 'A limit is reached' },
    'pool-closed': { title: 'These terminals are closed', detail: 'No new terminals are opened here any more.' },
    unavailable: {
      title: 'Terminals are not available right now',
      detail: 'The problem is on our side. This page keeps trying.',
    },
    timeout: { title: 'This is taking longer than usual', detail: 'The server did not answer in time.' },
    conflict: { title: 'Someone else was faster', detail: 'You will get another terminal.' },
    blocked: {
      title: 'Your terminal cannot be reached',
      detail: 'A firewall may block the connection. Try another network.',
    },
    'no-websocket': {
      title: 'The connection is blocked',
      detail:
        'Your browser reaches our server, but a proxy, a firewall or a browser extension blocks WebSocket connections. Try another network, or turn the extension off.',
    },
    policy: {
      title: 'A security policy blocks the connection',
      detail: 'The Content-Security-Policy of this page does not allow it. A proxy may have changed that policy.',
    },
    insecure: {
      title: 'Your browser blocks the connection',
      detail: 'This page uses HTTPS and your terminal does not. Browsers do not allow that.',
    },
    'local-network': {
      title: 'Your browser blocks the local network',
      detail:
        'Your terminal is in your local network. Allow this page to use the local network in your browser’s site settings.',
    },
    unreachable: { title: 'No connection', detail: 'You may be offline, or the server cannot be reached.' },
    'invalid-ticket': {
      title: 'The terminal refuses the connection',
      detail: 'Its address may belong to another terminal now.',
    },
    forbidden: { title: 'This is not allowed', detail: 'Try opening this page again at its usual address.' },
    unauthenticated: { title: 'You are not signed in', detail: 'Reload this page to sign in.' },
    'sign-in': {
      title: 'You may need to sign in',
      detail: 'Something answered in place of our server: a sign-in page, or the start page of this network.',
    },
    foreign: {
      title: 'Unexpected answer',
      detail: 'Something between you and our server answered instead of it. This page keeps trying.',
    },
    'unknown-visitor': {
      title: 'This page cannot be recognised',
      detail:
        'A proxy between you and our server removes the header Warmterm-Visitor. Until that is fixed, you get no terminal.',
    },
    'visitor-refused': {
      title: 'This page is no longer recognised',
      detail: 'Our servers disagree: one refuses the visitor id that another one gave out. This page keeps trying.',
    },
    'unknown-host': {
      title: 'This is the wrong address',
      detail: 'The server does not answer to the name in this address. Open this page at its usual address.',
    },
    'session-not-found': { title: 'This terminal has ended', detail: 'You will get a new one.' },
    'run-over': {
      title: 'This command has ended',
      detail: 'Or it has not started yet, has no screen to show, or belongs to someone else.',
    },
    'not-found': {
      title: 'There are no terminals at this address',
      detail: 'Check the address of this page, most of all the part after “pool=”.',
    },
    'invalid-request': {
      title: 'This address is not right',
      detail: 'Check the address of this page, most of all the part after “pool=”.',
    },
    'link-ended': {
      title: 'This link does not work any more',
      detail: 'It has expired, its terminal has ended, or its owner has ended it. Ask for a new link.',
    },
    removed: { title: 'You were removed', detail: 'The owner of this terminal has ended your visit.' },
    internal: { title: 'Something went wrong', detail: 'The problem is on our side.' },
  } satisfies Partial<Record<Failure['code'], Partial<Words>>>,
  /** Which limit of fair use was reached. Where the answer does not say, what it does say is shown. */
  limits: {
    visitor: (most: number) =>
      `You may have ${most === 1 ? 'one terminal' : `${most} terminals`} at a time. End one to open another.`,
    address: (most: number) =>
      `Your network may have ${most === 1 ? 'one terminal' : `${most} terminals`} at a time. You get one when another ends.`,
    minute: (most: number) => `Your network may open ${most} per minute. Yours opens by itself in a moment.`,
    line: () => 'Too many people are waiting for a terminal already. This page tries again by itself.',
    'address-line': (most: number) =>
      `Only ${most} from your network may wait at a time. This page tries again by itself.`,
  } satisfies Record<ReachedLimit['of'], (most: number) => string>,
  /** Where there are no words for it. */
  wentWrong: 'Something went wrong',
  /** What is written on keys that do not have the same name everywhere. */
  keys: { Ctrl: 'Ctrl', Shift: 'Shift', Enter: 'Enter', PageUp: 'PgUp', PageDown: 'PgDn' },
  history: {
    label: 'History',
    back: 'Back to the prompt',
    position: (lines: number) =>
      lines === 0 ? 'At the prompt' : lines === 1 ? '1 line above the prompt' : `${lines} lines above the prompt`,
  },
  search: {
    label: 'Find in the terminal',
    previous: 'Previous match',
    next: 'Next match',
    none: 'No match',
    searching: 'Searching',
    count: (at: number, total: number) => `Match ${at} of ${total}`,
    unable: 'Cannot search now',
  },
  bar: {
    label: 'Terminal',
    states: {
      connecting: 'Connecting',
      connected: 'Connected',
      reconnecting: 'Reconnecting',
      queued: 'In line',
      waiting: 'Waiting',
      saving: 'Saving your work',
      ended: 'Ended',
      error: 'No terminal',
    },
    find: 'Find',
    help: 'Help',
    settings: 'Settings',
    fullScreen: 'Full screen',
    leaveFullScreen: 'Leave full screen',
    terminals: 'Your terminals: time left, end',
    hide: 'Hide the bar',
    show: 'Show the bar',
  },
  tabs: {
    label: 'Tabs',
    open: 'New tab',
    openHint: 'New tab (right-click: split)',
    menu: 'Tab and split menu',
    unnamed: (number: number) => `Tab ${number}`,
    shown: (number: number, of: number, name: string) => `Tab ${number} of ${of}: ${name}`,
    activity: 'new output',
    bell: 'the bell rang',
    rename: 'Rename',
    renameTitle: 'Rename this tab',
    name: 'Name of the tab',
    nameHint: 'Leave it empty, and the tab has the name of its program.',
    close: 'Close this tab',
    splitRight: 'Split to the right',
    splitBelow: 'Split below',
    nextPane: 'Next pane',
    zoom: 'Zoom this pane',
    unzoom: 'Show all panes',
    closePane: 'Close this pane',
    busy: (program: string) => `${program || 'A program'} is running there. Closing ends it.`,
    closeAnyway: 'Close',
    full: 'There are as many tabs or panes as there may be. Close one first.',
    'no-room': 'This pane is too small to be split.',
    failed: 'That did not work. Try again.',
  },
  terminals: {
    title: 'Your terminals',
    none: 'You have no terminal at the moment.',
    failed: 'That did not work. Try again.',
    here: 'This terminal',
    inPool: (pool: string) => `Another terminal (${pool})`,
    ofRun: (run: string) => `A terminal of the command ${run}`,
    until: (time: string) => `It ends at ${time}.`,
    idle: (minutes: number) =>
      minutes <= 1
        ? 'It ends earlier after a minute without input.'
        : `It ends earlier after ${minutes} minutes without input.`,
    files: 'Its files are deleted when it ends.',
    end: 'End it',
    restart: 'End it and start a new one',
    show: 'Show my terminals',
    endsAt: (time: string) => `ends at ${time}`,
  },
  sharing: {
    title: 'Share this terminal',
    explain:
      'Anyone with the link can come to this terminal, without an account. A guest who looks on can ask you to type. You see who is here, and can remove anyone.',
    role: 'Guests',
    mayLook: 'may look on',
    mayType: 'may type',
    validFor: 'The link works for',
    times: { 15: '15 minutes', 60: '1 hour', 480: '8 hours', 1440: '1 day' },
    make: 'Make a link',
    link: 'The link',
    endAll: 'End all links',
    allEnded: 'No link to this terminal works any more, and all guests have been removed.',
    failed: 'That did not work. Try again.',
    here: 'Who is here',
    owner: 'The owner',
    you: (name: string) => `${name} (you)`,
    roles: { owner: 'owner', editor: 'may type', viewer: 'looks on', host: 'host' },
    hasPen: 'can type now',
    asks: 'asks to type',
    letType: 'Let type',
    takeBack: 'Stop their typing',
    remove: 'Remove',
    notNow: 'Not now',
    asksToType: (name: string) => `${name} asks to type here.`,
    isTyping: (name: string) => `${name} is typing`,
    count: (people: number) => `${people} here`,
    type: 'Type here',
    askToType: 'Ask to type',
    stopAsking: 'Do not ask any more',
    stopTyping: 'Stop typing',
    invited: 'You are invited to a terminal',
    whoSees: 'Everybody at this terminal sees your name. You see what its owner sees.',
    name: 'Your name',
    join: 'Join',
  },
  settings: {
    title: 'Settings',
    kept: 'Changes apply at once and are saved in this browser.',
    appearance: 'Appearance',
    theme: 'Colours',
    themes: { system: 'Same as the system', dark: 'Dark', light: 'Light', contrast: 'High contrast' },
    fontSize: 'Text size',
    smaller: 'Smaller text',
    larger: 'Larger text',
    fontFamily: 'Font',
    fontHint: 'Same as the system',
    cursorStyle: 'Cursor',
    cursorStyles: { block: 'Block', bar: 'Bar', underline: 'Underline' },
    cursorBlink: 'Blinking cursor',
    language: 'Language',
    languages: { auto: 'Same as the browser', en: 'English', de: 'Deutsch' },
    barShown: 'Show the bar',
    keyRow: 'Row of keys',
    keyRows: { auto: 'On touch screens', show: 'Always', hide: 'Never' },
    bell: 'Bell',
    bellFlash: 'Flash',
    bellSound: 'Sound',
    bellNotify: 'Notify me when this tab is hidden',
    notifyDenied: 'Your browser does not allow this page to notify you.',
    clipboard: 'Clipboard',
    copyOnSelect: 'Copy what is selected',
    programsCopy: 'Programs may copy',
    programsCopies: { ask: 'Ask me', allow: 'Yes', deny: 'No' },
    commandLine: 'Command line',
    commandLineHint: 'On your own machine, with Node.js 20 or later:',
    copy: 'Copy the command',
    accessibility: 'Accessibility',
    screenReader: 'Screen reader mode',
    reset: 'Reset all',
  },
  welcome: {
    title: `${product}: a Linux terminal, only for you`,
    lasts: (time: string, minutes: number) =>
      `It runs until ${time}, and ends earlier after ${minutes <= 1 ? 'a minute' : `${minutes} minutes`} without input.`,
    files: 'When it ends, its files are deleted.',
    help: 'Help',
  },
  help: {
    title: `Help · ${product}`,
    what: {
      title: 'What this is',
      detail:
        'A Linux terminal that runs on a server, only for you. You can reload this page or lose the connection: your programs keep running.',
    },
    keep: {
      title: 'Keep your work',
      detail: 'When the terminal ends, all of its files are deleted. Take along what you need before that.',
      ways: 'Push it with git, or print a file with cat and copy the text. With the command line, give your folder to a command and copy results back.',
    },
    tabs: 'Tabs and splits',
    tabByNumber: 'Tab by its number, if there are several',
    tabsHint: 'Most browsers keep Ctrl+Shift+T for themselves, except in full screen. The other key works everywhere.',
    keys: 'Keys',
    rest: 'All other keys go to the shell. In full screen, so do Ctrl+W, Ctrl+T and Ctrl+N if the browser allows it.',
    actions: {
      copy: 'Copy the selection',
      paste: 'Paste',
      find: 'Find',
      larger: 'Larger text',
      smaller: 'Smaller text',
      usualSize: 'Usual text size',
      bar: 'Show or hide the bar',
      fullScreen: 'Full screen',
      settings: 'Settings',
      help: 'This help',
      newTab: 'New tab',
      nextTab: 'Next tab',
      previousTab: 'Previous tab',
      tabMenu: 'Menu: split, rename, close',
    },
    mouse: {
      title: 'Mouse and clipboard',
      select: 'Select and copy, also in the history',
      drag: 'Drag',
      word: 'Select a word, or a line',
      doubleClick: 'Double, triple click',
      selectHere: 'Select when a program has the mouse',
      selectHereBy: 'Shift+drag',
      selectHereByMac: 'Option+drag',
      openLink: 'Open a link',
      click: 'Click',
      scroll: 'Scroll',
      wheel: 'Wheel',
      clipboard: 'A selection is copied at once. Before several lines are pasted, this page shows them to you.',
    },
    end: {
      title: 'End it',
      detail: 'Type exit, or end it in the list of your terminals. Then its files are deleted.',
    },
  },
};

export type Texts = typeof english;

const german: Texts = {
  connecting: 'Verbindung wird hergestellt',
  reconnecting: 'Verbindung unterbrochen',
  notSent: 'Keine Verbindung: Tasten werden nicht gesendet',
  tryingAgain: (seconds) => `Nächster Versuch in ${duration(seconds)}`,
  trying: 'Neuer Versuch',
  now: 'Jetzt versuchen',
  replaced: {
    terminal: 'Ihr bisheriges Terminal ist ausgefallen, seine Dateien sind verloren. Dies ist ein neues.',
    run: 'Ihr Terminal ist ausgefallen und wurde neu gestartet. Ihre Dateien sind noch da, Ihre Programme laufen nicht mehr.',
  },
  ended: {
    exit: 'Die Shell Ihres bisherigen Terminals ist beendet. Dies ist ein neues.',
    run: 'Der Befehl Ihres bisherigen Terminals ist beendet. Dies ist ein neues.',
    idle: (time) => `Ihr bisheriges Terminal wurde nach ${time} ohne Eingabe geschlossen. Dies ist ein neues.`,
    lifetime: 'Die Zeit Ihres bisherigen Terminals war um. Dies ist ein neues.',
    processes: 'In Ihrem bisherigen Terminal liefen zu viele Programme, deshalb wurde es beendet. Dies ist ein neues.',
  },
  relayed: {
    network:
      'Dieses Netz sperrt die direkte Verbindung zu Ihrem Terminal. Sie läuft jetzt über unseren Server, alles funktioniert wie gewohnt.',
    policy:
      'Eine Sicherheitsrichtlinie sperrt die direkte Verbindung zu Ihrem Terminal. Sie läuft jetzt über unseren Server, alles funktioniert wie gewohnt.',
    insecure:
      'Ihr Browser erlaubt dieser HTTPS-Seite keine direkte Verbindung zu Ihrem Terminal. Sie läuft jetzt über unseren Server, alles funktioniert wie gewohnt.',
    'local-network':
      'Ihr Browser lässt diese Seite nicht ins lokale Netz, in dem Ihr Terminal ist. Die Verbindung läuft jetzt über unseren Server, alles funktioniert wie gewohnt.',
  },
  forgetful:
    'Ihr Browser lässt diese Seite nichts speichern. Sie können sie neu laden, aber wenn Sie diesen Tab schließen, ist Ihr Terminal verloren.',
  idRemoved:
    'Ein Proxy zwischen Ihnen und unserem Server entfernt den Header Warmterm-Visitor. Sie können diese Seite neu laden, aber wenn Sie diesen Tab schließen, ist Ihr Terminal verloren.',
  handed:
    'Dieser Link stammt von einem Kommandozeilenprogramm (warmterm open). Dessen Terminals in diesem Tab zeigen?\n\n' +
    'Stimmen Sie nur zu, wenn Sie den Link selbst erzeugt haben. Sonst landet alles, was Sie tippen, in einem fremden Terminal.',
  queue: {
    title: (place) => (place === 1 ? 'Sie sind als Nächstes dran' : `Sie sind Nummer ${place} in der Warteschlange`),
    short: (place) => (place === 1 ? 'Als Nächstes' : `Nummer ${place}`),
    about: (time) => `In etwa ${time} sollte ein Terminal frei sein.`,
    between: (from, to) => `In ${from} bis ${to} sollte ein Terminal frei sein.`,
    within: (to) => `Innerhalb von ${to} sollte ein Terminal frei sein.`,
    latest: (time) => `Spätestens in ${time} ist ein Terminal frei.`,
    unknown: 'Wir wissen noch nicht, wann ein Terminal frei wird.',
    causes: {
      'starts-fail': 'Zurzeit starten keine Terminals.',
      'starts-failed': 'Eine Zeit lang konnten keine Terminals starten.',
      'slow-starts': 'Terminals starten langsamer als bisher.',
      'long-sessions': 'Terminals werden länger benutzt als bisher.',
      'fewer-terminals': 'Es gibt weniger Terminals als bisher.',
      'others-first': 'Andere, die vor Ihnen an der Reihe waren, sind zurück.',
    },
    next: 'Lassen Sie diese Seite offen. Ihr Terminal startet hier von selbst.',
  },
  startNew: 'Neues Terminal starten',
  signIn: 'Zum Anmelden neu laden',
  reload: 'Seite neu laden',
  details: 'Einzelheiten',
  tryAgain: 'Noch einmal versuchen',
  ownTerminal: 'Eigenes Terminal öffnen',
  solving: {
    title: 'Einen Augenblick',
    detail: 'Aus Ihrem Netz wurden viele Terminals geöffnet. Ihr Browser löst erst eine kleine Aufgabe.',
  },
  orEnter: 'oder Eingabetaste',
  idle: (seconds) =>
    `Noch da? Dieses Terminal wird in ${duration(seconds)} geschlossen, und seine Dateien werden gelöscht. Drücken Sie eine Taste, um es zu behalten.`,
  lifetime: (seconds) =>
    `Die Zeit dieses Terminals läuft in ${duration(seconds)} ab. Sichern Sie, was Sie noch brauchen: Seine Dateien werden gelöscht.`,
  idleSoon:
    'Noch da? Dieses Terminal wird bald geschlossen, und seine Dateien werden gelöscht. Drücken Sie eine Taste, um es zu behalten.',
  lifetimeSoon:
    'Die Zeit dieses Terminals läuft bald ab. Sichern Sie, was Sie noch brauchen: Seine Dateien werden gelöscht.',
  endsSoon: 'Schließt bald',
  dismiss: 'Ausblenden',
  partMissing:
    'Dieser Teil der Seite wurde nicht geladen. Laden Sie die Seite neu und versuchen Sie es noch einmal. Ihr Terminal läuft weiter.',
  close: 'Schließen',
  cancel: 'Abbrechen',
  copied: 'Kopiert',
  copy: 'Kopieren',
  copyBlocked: 'Ihr Browser hat das Kopieren nicht zugelassen.',
  programCopies: 'Ein Programm in diesem Terminal möchte in Ihre Zwischenablage kopieren.',
  allow: 'Erlauben',
  deny: 'Nicht erlauben',
  rang: 'Es hat geklingelt',
  selection: 'Auswahl',
  keyRow: {
    label: 'Tasten',
    left: 'Links',
    down: 'Ab',
    up: 'Auf',
    right: 'Rechts',
    interrupt: 'Strg+C: Programm abbrechen',
    home: 'Zum Anfang der Zeile',
    end: 'Zum Ende der Zeile',
    pageUp: 'Seite auf',
    pageDown: 'Seite ab',
    homeKey: 'Pos1',
    endKey: 'Ende',
    pageUpKey: 'Bild↑',
    pageDownKey: 'Bild↓',
    locked: (key) => `${key}, festgestellt`,
  },
  paste: {
    title: (lines) => (lines === 1 ? 'Diese Zeile einfügen?' : `${lines} Zeilen einfügen?`),
    runs: 'Jede Zeile wird sofort nach dem Einfügen ausgeführt.',
    waits: 'Es wird nichts ausgeführt, bis Sie die Eingabetaste drücken.',
    dropped: (count) =>
      count === 1 ? 'Ein Steuerzeichen wird weggelassen.' : `${count} Steuerzeichen werden weggelassen.`,
    preview: 'Einzufügender Text',
    trust: 'In diesem Tab nicht mehr fragen',
    paste: 'Einfügen',
  },
  endings: {
    exit: {
      title: 'Die Shell ist beendet',
      detail:
        'Dieses Terminal ist geschlossen, seine Dateien sind gelöscht. Was auf dem Bildschirm steht, können Sie noch lesen und kopieren.',
    },
    run: {
      title: 'Der Befehl ist beendet',
      detail: 'Dieses Terminal war nur für diesen Befehl da. Seine Dateien sind gelöscht.',
    },
    idle: {
      title: 'Dieses Terminal wurde nicht benutzt',
      detail: 'Es wurde geschlossen, um anderen Platz zu machen. Seine Dateien sind gelöscht.',
    },
    lifetime: {
      title: 'Die Zeit ist um',
      detail: 'Dieses Terminal wurde nach Ablauf seiner Zeit geschlossen. Seine Dateien sind gelöscht.',
    },
    processes: {
      title: 'Zu viele Programme',
      detail:
        'In diesem Terminal liefen zu viele Programme auf einmal, deshalb wurde es geschlossen. Seine Dateien sind gelöscht.',
    },
    owner: {
      title: 'Sie haben dieses Terminal beendet',
      detail: 'Hier oder in einem anderen Tab. Seine Dateien sind gelöscht.',
    },
    administrator: {
      title: 'Dieses Terminal wurde beendet',
      detail: 'Die Administration oder das System hat es beendet. Seine Dateien sind gelöscht.',
    },
    deleted: {
      title: 'Dieses Terminal wurde geschlossen',
      detail: 'Es wurde beendet, oder sein Rechner wird abgeschaltet. Seine Dateien sind gelöscht.',
    },
  },
  saving: {
    title: 'Ihre Arbeit wird gesichert',
    result: ({ result, exitCode }) => {
      if (result === 'saved') return 'Ihre Arbeit ist gesichert.';
      if (result === 'timed-out') return 'Das Sichern Ihrer Arbeit dauerte zu lange und wurde abgebrochen.';
      return `Ihre Arbeit konnte nicht gesichert werden${exitCode === undefined ? '' : ` (Exit-Code ${exitCode})`}.`;
    },
    output: 'Meldungen beim Sichern',
  },
  failures: {
    'challenge-required': {
      title: 'Ihr Netz ist ausgelastet',
      detail: 'Es wurden viele Terminals daraus geöffnet. Diese Seite versucht es von selbst wieder.',
    },
    'too-many-requests': { title: 'Mehr geht zurzeit nicht' },
    'pool-closed': {
      title: 'Diese Terminals sind geschlossen',
      detail: 'Hier werden keine neuen Terminals mehr geöffnet.',
    },
    unavailable: {
      title: 'Zurzeit gibt es keine Terminals',
      detail: 'Das liegt an uns. Diese Seite versucht es weiter.',
    },
    timeout: { title: 'Das dauert länger als sonst', detail: 'Der Server hat nicht rechtzeitig geantwortet.' },
    conflict: { title: 'Jemand war schneller', detail: 'Sie bekommen ein anderes Terminal.' },
    blocked: {
      title: 'Ihr Terminal ist nicht erreichbar',
      detail: 'Vielleicht sperrt eine Firewall die Verbindung. Versuchen Sie es in einem anderen Netz.',
    },
    'no-websocket': {
      title: 'Die Verbindung ist gesperrt',
      detail:
        'Ihr Browser erreicht unseren Server, aber ein Proxy, eine Firewall oder eine Browser-Erweiterung sperrt WebSocket-Verbindungen. Versuchen Sie es in einem anderen Netz oder ohne die Erweiterung.',
    },
    policy: {
      title: 'Eine Sicherheitsrichtlinie sperrt die Verbindung',
      detail:
        'Die Content-Security-Policy dieser Seite lässt keine Verbindung zu. Vielleicht hat ein Proxy sie geändert.',
    },
    insecure: {
      title: 'Ihr Browser sperrt die Verbindung',
      detail: 'Diese Seite verwendet HTTPS, Ihr Terminal nicht. Das erlauben Browser nicht.',
    },
    'local-network': {
      title: 'Ihr Browser sperrt das lokale Netz',
      detail:
        'Ihr Terminal ist in Ihrem lokalen Netz. Erlauben Sie dieser Seite in den Website-Einstellungen Ihres Browsers den Zugriff darauf.',
    },
    unreachable: {
      title: 'Keine Verbindung',
      detail: 'Vielleicht sind Sie offline, oder der Server ist nicht erreichbar.',
    },
    'invalid-ticket': {
      title: 'Das Terminal lehnt die Verbindung ab',
      detail: 'Seine Adresse gehört vielleicht inzwischen zu einem anderen Terminal.',
    },
    forbidden: {
      title: 'Das ist nicht erlaubt',
      detail: 'Öffnen Sie diese Seite noch einmal unter ihrer üblichen Adresse.',
    },
    unauthenticated: { title: 'Sie sind nicht angemeldet', detail: 'Laden Sie diese Seite neu, um sich anzumelden.' },
    'sign-in': {
      title: 'Vielleicht müssen Sie sich anmelden',
      detail: 'Statt unseres Servers hat etwas anderes geantwortet: eine Anmeldung oder die Startseite dieses Netzes.',
    },
    foreign: {
      title: 'Unerwartete Antwort',
      detail: 'Etwas zwischen Ihnen und unserem Server hat statt seiner geantwortet. Diese Seite versucht es weiter.',
    },
    'unknown-visitor': {
      title: 'Diese Seite kann nicht erkannt werden',
      detail:
        'Ein Proxy zwischen Ihnen und unserem Server entfernt den Header Warmterm-Visitor. Solange das so ist, bekommen Sie kein Terminal.',
    },
    'visitor-refused': {
      title: 'Diese Seite wird nicht mehr erkannt',
      detail:
        'Unsere Server sind sich nicht einig: Einer lehnt die Kennung ab, die ein anderer vergeben hat. Diese Seite versucht es weiter.',
    },
    'unknown-host': {
      title: 'Das ist die falsche Adresse',
      detail:
        'Der Server antwortet nicht auf den Namen in dieser Adresse. Öffnen Sie die Seite unter ihrer üblichen Adresse.',
    },
    'session-not-found': { title: 'Dieses Terminal ist beendet', detail: 'Sie bekommen ein neues.' },
    'run-over': {
      title: 'Dieser Befehl ist beendet',
      detail: 'Oder er hat noch nicht begonnen, hat keinen Bildschirm oder gehört jemand anderem.',
    },
    'not-found': {
      title: 'Unter dieser Adresse gibt es keine Terminals',
      detail: 'Prüfen Sie die Adresse dieser Seite, vor allem den Teil nach „pool=“.',
    },
    'invalid-request': {
      title: 'Diese Adresse stimmt nicht',
      detail: 'Prüfen Sie die Adresse dieser Seite, vor allem den Teil nach „pool=“.',
    },
    'link-ended': {
      title: 'Dieser Link gilt nicht mehr',
      detail:
        'Er ist abgelaufen, sein Terminal ist beendet, oder der Besitzer hat ihn beendet. Bitten Sie um einen neuen.',
    },
    removed: { title: 'Sie wurden entfernt', detail: 'Der Besitzer dieses Terminals hat Ihren Besuch beendet.' },
    internal: { title: 'Etwas ist schiefgegangen', detail: 'Das liegt an uns.' },
  },
  limits: {
    visitor: (most) =>
      `Sie dürfen ${most === 1 ? 'ein Terminal' : `${most} Terminals`} zugleich haben. Beenden Sie eines, um ein anderes zu öffnen.`,
    address: (most) =>
      `Aus Ihrem Netz ${most === 1 ? 'darf nur ein Terminal' : `dürfen nur ${most} Terminals`} zugleich offen sein. Sie bekommen eines, sobald ein anderes endet.`,
    minute: (most) =>
      `Aus Ihrem Netz ${most === 1 ? 'darf nur ein Terminal' : `dürfen nur ${most} Terminals`} pro Minute geöffnet werden. Ihres öffnet sich gleich von selbst.`,
    line: () => 'Es warten schon zu viele auf ein Terminal. Diese Seite versucht es von selbst wieder.',
    'address-line': (most) =>
      `Aus Ihrem Netz ${most === 1 ? 'darf nur einer' : `dürfen nur ${most}`} zugleich warten. Diese Seite versucht es von selbst wieder.`,
  },
  wentWrong: 'Etwas ist schiefgegangen',
  keys: { Ctrl: 'Strg', Shift: 'Umschalt', Enter: 'Eingabe', PageUp: 'Bild auf', PageDown: 'Bild ab' },
  history: {
    label: 'Verlauf',
    back: 'Zurück zur Eingabe',
    position: (lines: number) =>
      lines === 0 ? 'Bei der Eingabe' : lines === 1 ? '1 Zeile über der Eingabe' : `${lines} Zeilen über der Eingabe`,
  },
  search: {
    label: 'Im Terminal suchen',
    previous: 'Voriger Treffer',
    next: 'Nächster Treffer',
    none: 'Kein Treffer',
    searching: 'Sucht',
    count: (at, total) => `Treffer ${at} von ${total}`,
    unable: 'Suche zurzeit nicht möglich',
  },
  bar: {
    label: 'Terminal',
    states: {
      connecting: 'Verbindet',
      connected: 'Verbunden',
      reconnecting: 'Getrennt',
      queued: 'Warteschlange',
      waiting: 'Wartet',
      saving: 'Sichert',
      ended: 'Beendet',
      error: 'Kein Terminal',
    },
    find: 'Suchen',
    help: 'Hilfe',
    settings: 'Einstellungen',
    fullScreen: 'Vollbild',
    leaveFullScreen: 'Vollbild verlassen',
    terminals: 'Ihre Terminals: verbleibende Zeit, beenden',
    hide: 'Leiste ausblenden',
    show: 'Leiste einblenden',
  },
  tabs: {
    label: 'Reiter',
    open: 'Neuer Reiter',
    openHint: 'Neuer Reiter (Rechtsklick: teilen)',
    menu: 'Menü: Reiter und Teilen',
    unnamed: (number) => `Reiter ${number}`,
    shown: (number, of, name) => `Reiter ${number} von ${of}: ${name}`,
    activity: 'neue Ausgabe',
    bell: 'es hat geklingelt',
    rename: 'Umbenennen',
    renameTitle: 'Diesen Reiter umbenennen',
    name: 'Name des Reiters',
    nameHint: 'Bleibt das Feld leer, heißt der Reiter wie sein Programm.',
    close: 'Diesen Reiter schließen',
    splitRight: 'Rechts teilen',
    splitBelow: 'Unten teilen',
    nextPane: 'Nächster Bereich',
    zoom: 'Diesen Bereich vergrößern',
    unzoom: 'Alle Bereiche zeigen',
    closePane: 'Diesen Bereich schließen',
    busy: (program) => `Dort läuft noch ${program || 'ein Programm'}. Es wird beim Schließen beendet.`,
    closeAnyway: 'Schließen',
    full: 'Mehr Reiter oder Bereiche gehen nicht. Schließen Sie zuerst einen.',
    'no-room': 'Dieser Bereich ist zu klein, um ihn zu teilen.',
    failed: 'Das hat nicht geklappt. Versuchen Sie es noch einmal.',
  },
  terminals: {
    title: 'Ihre Terminals',
    none: 'Sie haben im Moment kein Terminal.',
    failed: 'Das hat nicht geklappt. Versuchen Sie es noch einmal.',
    here: 'Dieses Terminal',
    inPool: (pool) => `Ein anderes Terminal (${pool})`,
    ofRun: (run) => `Ein Terminal des Befehls ${run}`,
    until: (time) => `Es endet um ${time} Uhr.`,
    idle: (minutes) =>
      minutes <= 1
        ? 'Ohne Eingabe endet es schon nach einer Minute.'
        : `Ohne Eingabe endet es schon nach ${minutes} Minuten.`,
    files: 'Wenn es endet, werden seine Dateien gelöscht.',
    end: 'Beenden',
    restart: 'Beenden und ein neues starten',
    show: 'Meine Terminals anzeigen',
    endsAt: (time) => `endet um ${time} Uhr`,
  },
  sharing: {
    title: 'Dieses Terminal teilen',
    explain:
      'Wer den Link hat, kann ohne Konto in dieses Terminal kommen. Wer zusieht, kann darum bitten, zu tippen. Sie sehen, wer da ist, und können jeden entfernen.',
    role: 'Gäste',
    mayLook: 'dürfen zusehen',
    mayType: 'dürfen tippen',
    validFor: 'Der Link gilt',
    times: { 15: '15 Minuten', 60: '1 Stunde', 480: '8 Stunden', 1440: '1 Tag' },
    make: 'Link erstellen',
    link: 'Der Link',
    endAll: 'Alle Links beenden',
    allEnded: 'Kein Link zu diesem Terminal gilt mehr, und alle Gäste wurden entfernt.',
    failed: 'Das hat nicht geklappt. Versuchen Sie es noch einmal.',
    here: 'Wer da ist',
    owner: 'Besitzer',
    you: (name) => `${name} (Sie)`,
    roles: { owner: 'besitzt es', editor: 'darf tippen', viewer: 'sieht zu', host: 'leitet den Workshop' },
    hasPen: 'kann jetzt tippen',
    asks: 'möchte tippen',
    letType: 'Tippen lassen',
    takeBack: 'Tippen beenden',
    remove: 'Entfernen',
    notNow: 'Jetzt nicht',
    asksToType: (name) => `${name} möchte hier tippen.`,
    isTyping: (name) => `${name} tippt`,
    count: (people) => `${people} hier`,
    type: 'Hier tippen',
    askToType: 'Um Tippen bitten',
    stopAsking: 'Bitte zurückziehen',
    stopTyping: 'Nicht mehr tippen',
    invited: 'Sie sind in ein Terminal eingeladen',
    whoSees: 'Alle an diesem Terminal sehen Ihren Namen. Sie sehen, was sein Besitzer sieht.',
    name: 'Ihr Name',
    join: 'Teilnehmen',
  },
  settings: {
    title: 'Einstellungen',
    kept: 'Änderungen gelten sofort und werden in diesem Browser gespeichert.',
    appearance: 'Aussehen',
    theme: 'Farben',
    themes: { system: 'Wie das System', dark: 'Dunkel', light: 'Hell', contrast: 'Hoher Kontrast' },
    fontSize: 'Schriftgröße',
    smaller: 'Kleinere Schrift',
    larger: 'Größere Schrift',
    fontFamily: 'Schriftart',
    fontHint: 'Wie das System',
    cursorStyle: 'Cursor',
    cursorStyles: { block: 'Block', bar: 'Strich', underline: 'Unterstrich' },
    cursorBlink: 'Blinkender Cursor',
    language: 'Sprache',
    languages: { auto: 'Wie der Browser', en: 'English', de: 'Deutsch' },
    barShown: 'Leiste zeigen',
    keyRow: 'Tastenreihe',
    keyRows: { auto: 'Auf Touchscreens', show: 'Immer', hide: 'Nie' },
    bell: 'Klingel',
    bellFlash: 'Aufleuchten',
    bellSound: 'Ton',
    bellNotify: 'Benachrichtigen, wenn dieser Tab verdeckt ist',
    notifyDenied: 'Ihr Browser erlaubt dieser Seite keine Benachrichtigungen.',
    clipboard: 'Zwischenablage',
    copyOnSelect: 'Auswahl sofort kopieren',
    programsCopy: 'Programme dürfen kopieren',
    programsCopies: { ask: 'Nachfragen', allow: 'Ja', deny: 'Nein' },
    commandLine: 'Befehlszeile',
    commandLineHint: 'Auf Ihrem eigenen Rechner, mit Node.js 20 oder neuer:',
    copy: 'Befehl kopieren',
    accessibility: 'Barrierefreiheit',
    screenReader: 'Für Vorleseprogramme',
    reset: 'Alles zurücksetzen',
  },
  welcome: {
    title: `${product}: ein Linux-Terminal, nur für Sie`,
    lasts: (time, minutes) =>
      `Es läuft bis ${time} Uhr. Ohne Eingabe endet es schon nach ${minutes <= 1 ? 'einer Minute' : `${minutes} Minuten`}.`,
    files: 'Wenn es endet, werden seine Dateien gelöscht.',
    help: 'Hilfe',
  },
  help: {
    title: `Hilfe · ${product}`,
    what: {
      title: 'Was das ist',
      detail:
        'Ein Linux-Terminal auf einem Server, nur für Sie. Sie können diese Seite neu laden oder die Verbindung verlieren: Ihre Programme laufen weiter.',
    },
    keep: {
      title: 'Ihre Arbeit behalten',
      detail: 'Wenn das Terminal endet, werden alle seine Dateien gelöscht. Nehmen Sie vorher mit, was Sie brauchen.',
      ways: 'Übertragen Sie es mit git, oder geben Sie eine Datei mit cat aus und kopieren Sie den Text. Mit der Befehlszeile können Sie einem Befehl Ihren Ordner mitgeben und Ergebnisse zurückkopieren.',
    },
    tabs: 'Reiter und Teilen',
    tabByNumber: 'Reiter nach seiner Nummer, wenn es mehrere gibt',
    tabsHint:
      'Die meisten Browser behalten Strg+Umschalt+T für sich, außer im Vollbild. Das andere Kürzel geht überall.',
    keys: 'Tasten',
    rest: 'Alle anderen Tasten gehen an die Shell; im Vollbild auch Strg+W, Strg+T und Strg+N, wenn der Browser es zulässt.',
    actions: {
      copy: 'Auswahl kopieren',
      paste: 'Einfügen',
      find: 'Suchen',
      larger: 'Größere Schrift',
      smaller: 'Kleinere Schrift',
      usualSize: 'Übliche Schriftgröße',
      bar: 'Leiste ein- oder ausblenden',
      fullScreen: 'Vollbild',
      settings: 'Einstellungen',
      help: 'Diese Hilfe',
      newTab: 'Neuer Reiter',
      nextTab: 'Nächster Reiter',
      previousTab: 'Voriger Reiter',
      tabMenu: 'Menü: teilen, umbenennen, schließen',
    },
    mouse: {
      title: 'Maus und Zwischenablage',
      select: 'Auswählen und kopieren, auch im Verlauf',
      drag: 'Ziehen',
      word: 'Ein Wort oder eine Zeile auswählen',
      doubleClick: 'Doppel-, Dreifachklick',
      selectHere: 'Auswählen, wenn ein Programm die Maus hat',
      selectHereBy: 'Umschalt+Ziehen',
      selectHereByMac: 'Option+Ziehen',
      openLink: 'Link öffnen',
      click: 'Klicken',
      scroll: 'Blättern',
      wheel: 'Mausrad',
      clipboard:
        'Eine Auswahl wird sofort kopiert. Bevor mehrere Zeilen eingefügt werden, zeigt diese Seite sie Ihnen.',
    },
    end: {
      title: 'Beenden',
      detail: 'Tippen Sie exit, oder beenden Sie es in der Liste Ihrer Terminals. Dann werden seine Dateien gelöscht.',
    },
  },
};

const languages = { en: english, de: german };
export type Language = keyof typeof languages;

/** What the page says, in the language of `speak`. */
export let texts: Texts = english;

export function speak(language: Language): void {
  texts = languages[language];
}

/** The language to speak: the one that was set, or else the first of the browser's that there is. */
export function languageFor(setting: Settings['language'], preferred: readonly string[]): Language {
  if (setting !== 'auto') return setting;
  const primary = preferred.map((tag) => tag.toLowerCase().split('-')[0] ?? '');
  return primary.find((one): one is Language => one in languages) ?? 'en';
}

/** Why there is no terminal. `cause`: what the webserver says of it, or what was seen, where the detail is another. */
export function explain({ code, detail, limit }: Failure): Words & { cause?: string } {
  const known: Partial<Words> | undefined = (texts.failures as Partial<Record<Failure['code'], Partial<Words>>>)[code];
  // The service may be newer than this page, and know of other limits.
  const reached = limit && texts.limits[limit.of]?.(limit.most);
  const own = known?.detail ?? reached;
  const title = known?.title ?? texts.wentWrong;
  return { title, detail: own ?? detail, ...(own !== undefined && detail !== '' && { cause: detail }) };
}

/** What became of the terminal that a page had before this one; undefined where there was none. */
export function sayReplaced({ replaced, former }: Pick<Extract<State, { is: 'connected' }>, 'replaced' | 'former'>) {
  if (!replaced) return undefined;
  // The service may be newer than this page, and know of other reasons.
  const ended = former && texts.ended[former.reason];
  if (typeof ended !== 'function') return ended ?? texts.replaced[replaced];
  return former?.idleMs === undefined ? texts.replaced[replaced] : ended(duration(former.idleMs / 1_000));
}

/** Seconds as people say them: `45 s`, `2 min`, `1 min 30 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

/** Seconds as nobody is sure of them: `10 s`, `4 min`, `2 h`. */
export function roughly(seconds: number): string {
  if (seconds < 55) return `${Math.max(1, Math.ceil(seconds / 10)) * 10} s`;
  const minutes = Math.ceil(seconds / 60 - 0.1);
  return minutes < 60 ? `${minutes} min` : `${Math.ceil(minutes / 60 - 0.1)} h`;
}
