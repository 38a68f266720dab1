/** What was dropped on the page, folders unfolded. */

/** @param {DataTransfer} transfer @returns {Promise<File[]>} */
export async function droppedFiles(transfer) {
  // all at once: the transfer is empty as soon as this function waits
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  return (await Promise.all(entries.map(unfold))).flat();
}

async function unfold(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    // as a chosen folder's files are named
    Object.defineProperty(file, "webkitRelativePath", { value: entry.fullPath.slice(1) });
    return [file];
  }
  const reader = entry.createReader();
  const inside = [];
  for (let some = [null]; some.length; inside.push(...some))
    some = await new Promise((done, failed) => reader.readEntries(done, failed));
  return (await Promise.all(inside.filter(Boolean).map(unfold))).flat();
}
