/** The marks of decoded pictures: "unlike" the data (orange) and "far" from the codes (blue), as in the app's other tabs. */

const MARKS = ["unlike", "far"];

/** The names of the marks of picture number `index`; `marks` has a list of booleans by name, or null if that is unknown. */
const marksAt = (marks, index) => MARKS.filter((name) => marks?.[name]?.[index]);

/** Say what the marks mean, a paragraph for each, and then `more`, if any. The texts change only with the marks. */
function sayMarks(place, here, more = "") {
  const lines = [...here.map((name) => [name, say(name)]), ["quiet", more]].filter(([, words]) => words);
  const now = [...place.childNodes].map((line) => [line.className, line.textContent]);
  if (JSON.stringify(lines) === JSON.stringify(now)) return;
  const paragraphs = lines.map(([name, words]) => {
    const line = document.createElement("p");
    [line.className, line.textContent] = [name, words];
    return line;
  });
  place.replaceChildren(...paragraphs);
}

/** Show the marks of the picture at the pointer, and return their names. */
function showMarks(side, marks) {
  const here = marksAt(marks, 0);
  for (const name of MARKS) side.classList.toggle(name, here.includes(name));
  sayMarks(side.querySelector(".density"), here, marks.far && !here.includes("far") ? say("known") : "");
  return here;
}
