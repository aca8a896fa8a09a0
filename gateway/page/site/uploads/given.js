/** Files and folders that a person drops, pastes or chooses. */

/**
 * What a drop or a paste brings: to be called while its event is handled, as it holds nothing afterwards.
 *
 * @param {DataTransfer} data
 * @returns {Promise<{files: {file: File, handle?: FileSystemFileHandle}[], folders: {name: string, files: File[]}[]}>}
 */
export async function givenBy(data) {
  const items = [...data.items].filter(({ kind }) => kind === "file").map((item) => ({
    file: item.getAsFile(),
    entry: item.webkitGetAsEntry?.(),
    handle: item.getAsFileSystemHandle?.().catch(() => null), // in some browsers only: it outlives the page
  }));
  const isFolder = ({ entry }) => entry?.isDirectory;
  return {
    files: await Promise.all(items.filter((item) => item.file && !isFolder(item)).map(async ({ file, handle }) => ({
      file,
      handle: (await handle) ?? undefined,
    }))),
    folders: await Promise.all(items.filter(isFolder).map(async ({ entry }) => ({
      name: entry.name,
      files: await filesBelow(entry),
    }))),
  };
}

/**
 * Two givings as one, each with `taken`, if it is there. A file that is in both, as far as name, size and time can
 * tell, is taken once: who sees nothing happen gives it again.
 */
export function joined(one, other) {
  const isNew = ({ file }) => !one.files.some((each) => isSame(each.file, file));
  return {
    files: [...one.files, ...other.files.filter(isNew)],
    folders: [...(one.folders ?? []), ...(other.folders ?? [])],
    taken: () => Promise.all([one.taken?.(), other.taken?.()]),
  };
}

/** True if it is the same file, as far as name, size and time can tell. */
export function isSame(one, other) {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

/** Let the person choose, and hand on what it is. With `isFolder` all that is in a folder. */
export function chosenFrom({ isFolder = false }, take) {
  const input = Object.assign(document.createElement("input"), { type: "file", webkitdirectory: isFolder });
  input.onchange = () => take(chosenIn(input));
  input.click();
}

/** What was chosen in an input, which may be used again. @param {HTMLInputElement} input */
export function chosenIn(input) {
  const files = [...input.files];
  input.value = "";
  if (!input.webkitdirectory) return { files: files.map((file) => ({ file })), folders: [] };
  const name = files[0]?.webkitRelativePath.split("/")[0] ?? "";
  return { files: [], folders: [{ name, files }] };
}

async function filesBelow(folder) {
  const found = [];
  const reader = folder.createReader();
  for (let part; (part = await read(reader)).length;) found.push(...part); // a hundred at a time
  const files = await Promise.all(found.map((each) => (each.isDirectory ? filesBelow(each) : fileOf(each))));
  return files.flat();
}

function read(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject)).catch(() => []);
}

/** The file of an entry; none if it may not be read. */
function fileOf(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject)).catch(() => []);
}
