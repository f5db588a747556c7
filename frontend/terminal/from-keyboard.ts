// Tells what somebody typed or pasted from what xterm.js says by itself: of the mouse, of the focus, and in answer to
// programs. Pure.

const own = /^\x1b(?:\[[<MIO]|\[[?>=]?[\d;]*[cnR]$|\[\??[\d;]*\$y|[\]P])/;

export const isFromKeyboard = (data: string): boolean => !own.test(data);
