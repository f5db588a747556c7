// Every word that the page says, in one place, in each language. To add one: an object like `german`, its name in
// `languages` and in settings.ts; it does not compile until it is complete.

import type { ReachedLimit } from '../common/errors.ts';
import type { WaitCause } from '../common/manager-api.ts';
import type { EndReason, Saved } from '../common/socket.ts';
import type { Failure, State } from './session/state.ts';
import type { Settings } from './settings/settings.ts';

export const product = 'warmterm';

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
    terminal: 'Your former terminal has died, or its machine has. This is a new one.',
    run: 'Your terminal has died and was started again: its programs are lost, your files are here.',
  },
  /** Why the former terminal ended, if it reported that. */
  ended: {
    exit: 'The shell of your former terminal has ended. This is a new one.',
    run: 'The command of your former terminal has ended. This is a new one.',
    idle: (time: string) => `Your former terminal was idle for ${time}, and was closed. This is a new one.`,
    lifetime: 'The time of your former terminal was up. This is a new one.',
    processes: 'Your former terminal had too many processes, and was ended. This is a new one.',
  },
  /** Why the terminal is relayed. */
  relayed: {
    network: 'This network blocks the direct way to your terminal. It is relayed, and works as well.',
    policy: 'A policy of this page allows no direct way to your terminal. It is relayed, and works as well.',
    insecure: 'A page by HTTPS may not go to your terminal directly. It is relayed, and works as well.',
    'local-network':
      'Your browser keeps this page out of the local network, where your terminal is. It is relayed, and works as well.',
  },
  forgetful: 'Your browser lets this page keep nothing. Leave this tab open: your terminal is lost with it.',
  idRemoved:
    'Something between this page and its server removes the header Warmterm-Visitor from answers. Leave this tab open: your terminal is lost with it.',
  handed:
    'This address is of a command-line client (warmterm open). Show the terminals of that client in this tab?\n\n' +
    'Only if you have made the address yourself: what you type would reach the terminal of whoever has made it.',
  queue: {
    title: (place: number) => (place === 1 ? 'You are next' : `You are number ${place} in line`),
    short: (place: number) => (place === 1 ? 'Next' : `Number ${place}`),
    about: (time: string) => `A terminal should be free in about ${time}.`,
    between: (from: string, to: string) => `A terminal should be free in ${from} to ${to}.`,
    within: (to: string) => `A terminal should be free within ${to}.`,
    latest: (time: string) => `A terminal is free in ${time} at the latest.`,
    unknown: 'It is not known yet when a terminal is free.',
    /** Why it takes longer than was said. */
    causes: {
      'starts-fail': 'Terminals do not start at the moment.',
      'starts-failed': 'For a while no terminal has started.',
      'slow-starts': 'Terminals start more slowly than before.',
      'long-sessions': 'Terminals are in use for longer than before.',
      'fewer-terminals': 'There are fewer terminals than before.',
      'others-first': 'Others who were here before you are back.',
    } satisfies Record<WaitCause, string>,
    next: 'Keep this page open: yours starts here by itself.',
  },
  startNew: 'Start a new terminal',
  signIn: 'Sign in: reload this page',
  reload: 'Reload this page',
  details: 'Details',
  tryAgain: 'Try again',
  ownTerminal: 'Open your own terminal',
  solving: {
    title: 'One moment',
    detail: 'Many terminals were opened from your network: your browser does a little work for this one.',
  },
  orEnter: 'or press Enter',
  idle: (seconds: number) => `Still there? This terminal closes in ${duration(seconds)}. Type anything to stay.`,
  lifetime: (seconds: number) => `The time of this terminal is up in ${duration(seconds)}. Save what you need.`,
  idleSoon: 'Still there? This terminal closes soon. Type anything to stay.',
  lifetimeSoon: 'The time of this terminal is up soon. Save what you need.',
  /** In the browser's tab. */
  endsSoon: 'Closes soon',
  dismiss: 'Hide',
  partMissing: 'This part of the page did not load. Reload the page, and try again: your terminal stays.',
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
  keyRow: { label: 'Keys', left: 'Left', down: 'Down', up: 'Up', right: 'Right' },
  paste: {
    title: (lines: number) => (lines === 1 ? 'Paste this line?' : `Paste ${lines} lines?`),
    runs: 'Each line runs as soon as it arrives.',
    waits: 'Nothing runs before you press Enter.',
    dropped: (count: number) =>
      count === 1 ? 'One control character is left out.' : `${count} control characters are left out.`,
    preview: 'What is to be pasted',
    trust: 'Do not ask again in this tab',
    paste: 'Paste',
  },
  /** What a session's end means to the one who had it. */
  endings: {
    exit: { title: 'The shell has ended', detail: 'Nothing is running any more, and its files are gone.' },
    run: { title: 'The command has ended', detail: 'This terminal was started for it, and has ended with it.' },
    idle: { title: 'This terminal was idle', detail: 'It was closed to make room for others.' },
    lifetime: { title: 'Time is up', detail: 'This terminal has reached its longest lifetime.' },
    processes: { title: 'Too many processes', detail: 'Everything in this terminal was ended, to spare the others.' },
    owner: { title: 'You have ended this terminal', detail: 'It was ended from this browser, perhaps in another tab.' },
    administrator: { title: 'This terminal was ended', detail: 'An administrator ended it, or the cluster did.' },
    deleted: { title: 'This terminal was closed', detail: 'Somebody ended it, or its machine is going down.' },
  } satisfies Record<EndReason, Words>,
  /** What is said while the hook saves the visitor's work, and what came of it. */
  saving: {
    title: 'Your work is being saved',
    result: ({ result, exitCode }: Saved) => {
      if (result === 'saved') return 'Your work was saved.';
      if (result === 'timed-out') return 'Saving your work took too long, and was stopped.';
      return `Saving your work has failed${exitCode === undefined ? '' : ` (exit code ${exitCode})`}.`;
    },
    output: 'What was printed while saving',
  },
  /** Why there is no terminal: the title says it, the detail what it means. Without one, the server's is shown. */
  failures: {
    'challenge-required': { title: 'Your network is busy', detail: 'Many terminals were opened from it.' },
    'too-many-requests': { title: 'Too many at once' },
    'pool-closed': { title: 'This pool is closed', detail: 'It takes nobody in any more.' },
    unavailable: {
      title: 'Terminals are not available right now',
      detail: 'This is on our side, and passes as a rule.',
    },
    timeout: { title: 'This takes longer than usual', detail: 'There was no answer in time.' },
    conflict: { title: 'Somebody else was quicker', detail: 'There will be another terminal.' },
    blocked: {
      title: 'The way to your terminal is blocked',
      detail: 'A firewall may be in the way: try another network.',
    },
    'no-websocket': {
      title: 'No WebSocket gets through',
      detail:
        'This page reaches its server. A proxy, a firewall or a browser extension on the way lets no WebSocket through.',
    },
    policy: {
      title: 'A policy is in the way',
      detail: 'The Content-Security-Policy of this page, which a proxy may have changed, does not let it connect.',
    },
    insecure: {
      title: 'This page may not go there',
      detail: 'It has HTTPS, and its terminal has not. Browsers do not allow that.',
    },
    'local-network': {
      title: 'Your browser blocks the local network',
      detail: 'Your terminal is in it. Allow this page the local network, in its settings in your browser.',
    },
    unreachable: { title: 'No connection', detail: 'The network is down, or in the way.' },
    'invalid-ticket': { title: 'The terminal does not let us in', detail: 'Its address may belong to another one.' },
    forbidden: { title: 'This is not allowed', detail: 'It may help to open this page again, by its own address.' },
    unauthenticated: { title: 'You are not signed in', detail: 'Load this page again to sign in.' },
    'sign-in': {
      title: 'You may have to sign in',
      detail: 'Something else answers in place of this page’s server: a sign-in, or the portal of this network.',
    },
    foreign: {
      title: 'Something else answers',
      detail: 'It is not this page’s server, but something on the way to it. This page keeps asking.',
    },
    'unknown-visitor': {
      title: 'This page cannot be recognised',
      detail:
        'Something on the way to its server removes the header Warmterm-Visitor. Until that ends, no terminal is taken.',
    },
    'visitor-refused': {
      title: 'This page is not recognised any more',
      detail: 'Its servers do not agree: one refuses the visitor id that another has given. This page keeps asking.',
    },
    'unknown-host': {
      title: 'This page has another name',
      detail: 'Its server is not to be asked by the name in this address. Open this page by its own address.',
    },
    'session-not-found': { title: 'This terminal is over', detail: 'There will be another one.' },
    'run-over': {
      title: 'This run is over',
      detail: 'Or it has not begun yet, has no screen to show, or belongs to somebody else.',
    },
    'not-found': { title: 'There is no such pool', detail: 'Check the name of the pool in the address of this page.' },
    'invalid-request': {
      title: 'This address is not right',
      detail: 'Check whether it names a pool, and whether the name is right.',
    },
    'link-ended': {
      title: 'This link does not work any more',
      detail: 'It has expired, its terminal has ended, or its owner has ended it. Ask for a new link.',
    },
    removed: { title: 'You were removed', detail: 'The owner of this terminal has ended your visit.' },
    internal: { title: 'Something went wrong', detail: 'This is on our side.' },
  } satisfies Partial<Record<Failure['code'], Partial<Words>>>,
  /** Which limit of fair use was reached. Where the answer does not say, what it does say is shown. */
  limits: {
    visitor: (most: number) => `You have as many terminals as you may have: ${most}. End one first.`,
    address: (most: number) =>
      `Your network has as many terminals as it may have: ${most}. There is room for yours when one of them ends.`,
    minute: (most: number) => `Your network may ask for ${most} within a minute. Yours comes by itself.`,
    line: () => 'So many people wait for a terminal that there is no place in line. This page asks again by itself.',
    'address-line': (most: number) =>
      `From your network as many wait in line as may: ${most}. This page asks again by itself.`,
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
    shortcuts: 'Keyboard shortcuts',
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
    inPool: (pool: string) => `A terminal in the pool ${pool}`,
    ofRun: (run: string) => `A terminal of the command ${run}`,
    until: (time: string) => `It ends at ${time}.`,
    idle: (minutes: number) =>
      minutes <= 1
        ? 'It ends earlier after a minute without input.'
        : `It ends earlier after ${minutes} minutes without input.`,
    files: 'Its files are deleted then.',
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
    kept: 'Kept in this browser, and in force at once.',
    appearance: 'Appearance',
    theme: 'Colours',
    themes: { system: 'As the system', dark: 'Dark', light: 'Light', contrast: 'High contrast' },
    fontSize: 'Text size',
    smaller: 'Smaller text',
    larger: 'Larger text',
    fontFamily: 'Font',
    fontHint: 'As the system',
    cursorStyle: 'Cursor',
    cursorStyles: { block: 'Block', bar: 'Bar', underline: 'Underline' },
    cursorBlink: 'Blinking cursor',
    language: 'Language',
    languages: { auto: 'As the browser', en: 'English', de: 'Deutsch' },
    barShown: 'Show the bar',
    keyRow: 'Row of keys',
    keyRows: { auto: 'On touch screens', show: 'Always', hide: 'Never' },
    bell: 'Bell',
    bellFlash: 'Flash',
    bellSound: 'Sound',
    bellNotify: 'Notify me when out of sight',
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
  shortcuts: {
    title: 'Keyboard shortcuts',
    rest: 'All other keys go to the shell. In full screen so do Ctrl+W, Ctrl+T and Ctrl+N, where the browser lets us.',
    copy: 'Copy the selection',
    paste: 'Paste',
    find: 'Find',
    larger: 'Larger text',
    smaller: 'Smaller text',
    usualSize: 'Usual text size',
    bar: 'Show or hide the bar',
    fullScreen: 'Full screen',
    settings: 'Settings',
    shortcuts: 'This list',
    tabs: 'Tabs and splits',
    newTab: 'New tab',
    nextTab: 'Next tab',
    previousTab: 'Previous tab',
    tabMenu: 'Menu: split, rename, close',
    tabByNumber: 'Tab by its number, if there are several',
    tabsHint: 'Most browsers keep Ctrl+Shift+T for themselves, except in full screen. The other key works everywhere.',
    mouse: 'Mouse',
    select: 'Select and copy, through the history too',
    drag: 'Drag',
    selectHere: 'Select when a program has the mouse',
    selectHereBy: 'Shift+drag',
    selectHereByMac: 'Option+drag',
    openLink: 'Open a link',
    click: 'Click',
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
    terminal: 'Ihr bisheriges Terminal ist ausgefallen, oder sein Rechner. Dies ist ein neues.',
    run: 'Ihr Terminal ist ausgefallen und neu gestartet: Seine Programme sind verloren, Ihre Dateien sind da.',
  },
  ended: {
    exit: 'Die Shell Ihres bisherigen Terminals ist beendet. Dies ist ein neues.',
    run: 'Der Befehl Ihres bisherigen Terminals ist beendet. Dies ist ein neues.',
    idle: (time) => `Ihr bisheriges Terminal war ${time} lang unbenutzt und wurde geschlossen. Dies ist ein neues.`,
    lifetime: 'Die Zeit Ihres bisherigen Terminals war um. Dies ist ein neues.',
    processes: 'Ihr bisheriges Terminal hatte zu viele Prozesse und wurde beendet. Dies ist ein neues.',
  },
  relayed: {
    network: 'Dieses Netz sperrt den direkten Weg zu Ihrem Terminal. Es wird vermittelt und funktioniert ebenso.',
    policy:
      'Eine Richtlinie dieser Seite erlaubt keinen direkten Weg zu Ihrem Terminal. Es wird vermittelt und funktioniert ebenso.',
    insecure: 'Eine Seite mit HTTPS darf nicht direkt zu Ihrem Terminal. Es wird vermittelt und funktioniert ebenso.',
    'local-network':
      'Ihr Browser lässt diese Seite nicht ins lokale Netz, wo Ihr Terminal ist. Es wird vermittelt und funktioniert ebenso.',
  },
  forgetful:
    'Ihr Browser lässt diese Seite nichts speichern. Schließen Sie diesen Tab nicht: Mit ihm ist Ihr Terminal verloren.',
  idRemoved:
    'Etwas zwischen dieser Seite und ihrem Server entfernt den Header Warmterm-Visitor aus Antworten. Schließen Sie diesen Tab nicht: Mit ihm ist Ihr Terminal verloren.',
  handed:
    'Diese Adresse ist von einem Kommandozeilenprogramm (warmterm open). Die Terminals dieses Programms in diesem Tab zeigen?\n\n' +
    'Nur wenn Sie die Adresse selbst erzeugt haben: Was Sie tippen, käme im Terminal dessen an, der sie erzeugt hat.',
  queue: {
    title: (place) => (place === 1 ? 'Sie sind als Nächstes dran' : `Sie sind Nummer ${place} in der Warteschlange`),
    short: (place) => (place === 1 ? 'Als Nächstes' : `Nummer ${place}`),
    about: (time) => `In etwa ${time} sollte ein Terminal frei sein.`,
    between: (from, to) => `In ${from} bis ${to} sollte ein Terminal frei sein.`,
    within: (to) => `Innerhalb von ${to} sollte ein Terminal frei sein.`,
    latest: (time) => `Spätestens in ${time} ist ein Terminal frei.`,
    unknown: 'Wann ein Terminal frei ist, ist noch nicht bekannt.',
    causes: {
      'starts-fail': 'Zurzeit starten keine Terminals.',
      'starts-failed': 'Eine Zeit lang ist kein Terminal gestartet.',
      'slow-starts': 'Terminals starten langsamer als bisher.',
      'long-sessions': 'Terminals werden länger benutzt als bisher.',
      'fewer-terminals': 'Es gibt weniger Terminals als bisher.',
      'others-first': 'Andere, die vor Ihnen da waren, sind zurück.',
    },
    next: 'Lassen Sie diese Seite offen: Ihres startet hier von selbst.',
  },
  startNew: 'Neues Terminal starten',
  signIn: 'Anmelden: Seite neu laden',
  reload: 'Seite neu laden',
  details: 'Einzelheiten',
  tryAgain: 'Noch einmal versuchen',
  ownTerminal: 'Eigenes Terminal öffnen',
  solving: {
    title: 'Einen Augenblick',
    detail: 'Aus Ihrem Netz wurden viele Terminals geöffnet: Ihr Browser arbeitet ein wenig für dieses.',
  },
  orEnter: 'oder Eingabetaste',
  idle: (seconds) =>
    `Noch da? Dieses Terminal schließt in ${duration(seconds)}. Drücken Sie eine Taste, um es zu behalten.`,
  lifetime: (seconds) =>
    `Die Zeit dieses Terminals läuft in ${duration(seconds)} ab. Sichern Sie, was Sie noch brauchen.`,
  idleSoon: 'Noch da? Dieses Terminal schließt bald. Drücken Sie eine Taste, um es zu behalten.',
  lifetimeSoon: 'Die Zeit dieses Terminals läuft bald ab. Sichern Sie, was Sie noch brauchen.',
  endsSoon: 'Schließt bald',
  dismiss: 'Ausblenden',
  partMissing:
    'Dieser Teil der Seite wurde nicht geladen. Laden Sie die Seite neu und versuchen Sie es wieder: Ihr Terminal bleibt.',
  close: 'Schließen',
  cancel: 'Abbrechen',
  copied: 'Kopiert',
  copy: 'Kopieren',
  copyBlocked: 'Ihr Browser ließ diese Seite nicht kopieren.',
  programCopies: 'Ein Programm in diesem Terminal möchte in Ihre Zwischenablage kopieren.',
  allow: 'Erlauben',
  deny: 'Nicht erlauben',
  rang: 'Es hat geklingelt',
  selection: 'Auswahl',
  keyRow: { label: 'Tasten', left: 'Links', down: 'Ab', up: 'Auf', right: 'Rechts' },
  paste: {
    title: (lines) => (lines === 1 ? 'Diese Zeile einfügen?' : `${lines} Zeilen einfügen?`),
    runs: 'Jede Zeile wird ausgeführt, sobald sie ankommt.',
    waits: 'Nichts wird ausgeführt, bevor Sie die Eingabetaste drücken.',
    dropped: (count) =>
      count === 1 ? 'Ein Steuerzeichen wird weggelassen.' : `${count} Steuerzeichen werden weggelassen.`,
    preview: 'Was eingefügt wird',
    trust: 'In diesem Tab nicht mehr fragen',
    paste: 'Einfügen',
  },
  endings: {
    exit: { title: 'Die Shell ist beendet', detail: 'Es läuft nichts mehr, und ihre Dateien sind fort.' },
    run: {
      title: 'Der Befehl ist beendet',
      detail: 'Dieses Terminal wurde für ihn gestartet und mit ihm geschlossen.',
    },
    idle: {
      title: 'Dieses Terminal war unbenutzt',
      detail: 'Es wurde geschlossen, um anderen Platz zu machen.',
    },
    lifetime: { title: 'Die Zeit ist um', detail: 'Dieses Terminal hat seine längste Lebensdauer erreicht.' },
    processes: {
      title: 'Zu viele Prozesse',
      detail: 'Alles in diesem Terminal wurde beendet, um die anderen zu schonen.',
    },
    owner: {
      title: 'Sie haben dieses Terminal beendet',
      detail: 'Es wurde in diesem Browser beendet, vielleicht in einem anderen Tab.',
    },
    administrator: {
      title: 'Dieses Terminal wurde beendet',
      detail: 'Jemand von der Administration hat es beendet, oder der Cluster.',
    },
    deleted: {
      title: 'Dieses Terminal wurde geschlossen',
      detail: 'Jemand hat es beendet, oder sein Rechner wird abgeschaltet.',
    },
  },
  saving: {
    title: 'Ihre Arbeit wird gesichert',
    result: ({ result, exitCode }) => {
      if (result === 'saved') return 'Ihre Arbeit ist gesichert.';
      if (result === 'timed-out') return 'Das Sichern Ihrer Arbeit dauerte zu lange und wurde abgebrochen.';
      return `Ihre Arbeit konnte nicht gesichert werden${exitCode === undefined ? '' : ` (Exit-Code ${exitCode})`}.`;
    },
    output: 'Was beim Sichern ausgegeben wurde',
  },
  failures: {
    'challenge-required': { title: 'Ihr Netz ist ausgelastet', detail: 'Es wurden viele Terminals daraus geöffnet.' },
    'too-many-requests': { title: 'Zu viele auf einmal' },
    'pool-closed': { title: 'Dieser Pool ist geschlossen', detail: 'Er nimmt niemanden mehr auf.' },
    unavailable: {
      title: 'Zurzeit gibt es keine Terminals',
      detail: 'Das liegt an uns und geht meist bald vorbei.',
    },
    timeout: { title: 'Das dauert länger als sonst', detail: 'Es kam nicht rechtzeitig eine Antwort.' },
    conflict: { title: 'Jemand war schneller', detail: 'Es wird ein anderes Terminal geben.' },
    blocked: {
      title: 'Der Weg zu Ihrem Terminal ist gesperrt',
      detail: 'Vielleicht steht eine Firewall im Weg: Versuchen Sie ein anderes Netz.',
    },
    'no-websocket': {
      title: 'Kein WebSocket kommt durch',
      detail:
        'Diese Seite erreicht ihren Server. Ein Proxy, eine Firewall oder eine Browser-Erweiterung lässt aber keine WebSockets durch.',
    },
    policy: {
      title: 'Eine Richtlinie ist im Weg',
      detail: 'Die Content-Security-Policy dieser Seite, die ein Proxy geändert haben kann, lässt keine Verbindung zu.',
    },
    insecure: {
      title: 'Diese Seite darf nicht dorthin',
      detail: 'Sie hat HTTPS, ihr Terminal nicht. Das erlauben Browser nicht.',
    },
    'local-network': {
      title: 'Ihr Browser sperrt das lokale Netz',
      detail: 'Ihr Terminal ist darin. Erlauben Sie dieser Seite das lokale Netz, in den Einstellungen Ihres Browsers.',
    },
    unreachable: { title: 'Keine Verbindung', detail: 'Das Netz ist ausgefallen oder steht im Weg.' },
    'invalid-ticket': {
      title: 'Das Terminal lässt uns nicht ein',
      detail: 'Seine Adresse gehört vielleicht zu einem anderen.',
    },
    forbidden: {
      title: 'Das ist nicht erlaubt',
      detail: 'Vielleicht hilft es, diese Seite noch einmal unter ihrer eigenen Adresse zu öffnen.',
    },
    unauthenticated: { title: 'Sie sind nicht angemeldet', detail: 'Laden Sie diese Seite neu, um sich anzumelden.' },
    'sign-in': {
      title: 'Vielleicht müssen Sie sich anmelden',
      detail: 'Statt des Servers dieser Seite antwortet etwas anderes: eine Anmeldung, oder das Portal dieses Netzes.',
    },
    foreign: {
      title: 'Etwas anderes antwortet',
      detail: 'Es ist nicht der Server dieser Seite, sondern etwas auf dem Weg dorthin. Die Seite fragt weiter.',
    },
    'unknown-visitor': {
      title: 'Diese Seite kann nicht erkannt werden',
      detail:
        'Etwas auf dem Weg zu ihrem Server entfernt den Header Warmterm-Visitor. Solange wird kein Terminal vergeben.',
    },
    'visitor-refused': {
      title: 'Diese Seite wird nicht mehr erkannt',
      detail:
        'Ihre Server sind sich nicht einig: Einer lehnt die Kennung ab, die ein anderer gegeben hat. Die Seite fragt weiter.',
    },
    'unknown-host': {
      title: 'Diese Seite heißt anders',
      detail:
        'Ihr Server ist unter dem Namen in dieser Adresse nicht bekannt. Öffnen Sie die Seite unter ihrer eigenen Adresse.',
    },
    'session-not-found': { title: 'Dieses Terminal ist beendet', detail: 'Es wird ein anderes geben.' },
    'run-over': {
      title: 'Dieser Lauf ist beendet',
      detail: 'Oder er hat noch nicht begonnen, hat keinen Bildschirm, oder gehört jemand anderem.',
    },
    'not-found': {
      title: 'Diesen Pool gibt es nicht',
      detail: 'Prüfen Sie den Namen des Pools in der Adresse dieser Seite.',
    },
    'invalid-request': {
      title: 'Diese Adresse stimmt nicht',
      detail: 'Prüfen Sie, ob sie einen Pool nennt, und ob dessen Name stimmt.',
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
    visitor: (most) => `Sie haben so viele Terminals, wie Sie haben dürfen: ${most}. Beenden Sie zuerst eines.`,
    address: (most) =>
      `Ihr Netz hat so viele Terminals, wie es haben darf: ${most}. Für Ihres ist Platz, wenn eines davon endet.`,
    minute: (most) => `Ihr Netz darf in einer Minute nach ${most} fragen. Ihres kommt von selbst.`,
    line: () => 'So viele warten auf ein Terminal, dass kein Platz mehr frei ist. Diese Seite fragt von selbst wieder.',
    'address-line': (most) =>
      `Aus Ihrem Netz warten so viele, wie warten dürfen: ${most}. Diese Seite fragt von selbst wieder.`,
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
    shortcuts: 'Tastenkürzel',
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
    inPool: (pool) => `Ein Terminal im Pool ${pool}`,
    ofRun: (run) => `Ein Terminal des Befehls ${run}`,
    until: (time) => `Es endet um ${time} Uhr.`,
    idle: (minutes) =>
      minutes <= 1
        ? 'Ohne Eingabe endet es schon nach einer Minute.'
        : `Ohne Eingabe endet es schon nach ${minutes} Minuten.`,
    files: 'Seine Dateien werden dann gelöscht.',
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
    kept: 'Sie gelten sofort und bleiben in diesem Browser.',
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
    bellNotify: 'Benachrichtigen, wenn außer Sicht',
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
  shortcuts: {
    title: 'Tastenkürzel',
    rest: 'Alle anderen Tasten gehen an die Shell; im Vollbild auch Strg+W, Strg+T und Strg+N, wo der Browser es zulässt.',
    copy: 'Auswahl kopieren',
    paste: 'Einfügen',
    find: 'Suchen',
    larger: 'Größere Schrift',
    smaller: 'Kleinere Schrift',
    usualSize: 'Übliche Schriftgröße',
    bar: 'Leiste ein- oder ausblenden',
    fullScreen: 'Vollbild',
    settings: 'Einstellungen',
    shortcuts: 'Diese Liste',
    tabs: 'Reiter und Teilen',
    newTab: 'Neuer Reiter',
    nextTab: 'Nächster Reiter',
    previousTab: 'Voriger Reiter',
    tabMenu: 'Menü: teilen, umbenennen, schließen',
    tabByNumber: 'Reiter nach seiner Nummer, wenn es mehrere gibt',
    tabsHint:
      'Die meisten Browser behalten Strg+Umschalt+T für sich, außer im Vollbild. Das andere Kürzel geht überall.',
    mouse: 'Maus',
    select: 'Auswählen und kopieren, auch aus dem Verlauf',
    drag: 'Ziehen',
    selectHere: 'Auswählen, wenn ein Programm die Maus hat',
    selectHereBy: 'Umschalt+Ziehen',
    selectHereByMac: 'Option+Ziehen',
    openLink: 'Link öffnen',
    click: 'Klicken',
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
