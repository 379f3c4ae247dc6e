// The selected samples as text: for Python and for a spreadsheet.
import type { BrushedFrame, LabelsFrame } from "../frames";
import { fromArrays } from "../selected";

// What stands in for a label that there is not.
const NONE = 2 ** 32 - 1;

/** "42 selected of 1,797", in the two parts that are written differently. */
export const headline = (selected: number, total: number): [string, string] => [
  selected.toLocaleString("en"),
  ` selected of ${total.toLocaleString("en")}`,
];

/** A line of Python that selects these samples again. */
export const pythonText = ({ arrays }: BrushedFrame): string => `inspector.brush = [${fromArrays(arrays).join(", ")}]`;

// RFC 4180: quotes around what holds a comma, a quote or a line break; quotes inside are doubled.
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The selected samples, a row each; with the class where labels are known. */
export function csvText({ arrays }: BrushedFrame, labels?: LabelsFrame): string {
  const codes = labels?.arrays.labels?.data;
  const line = (index: number): string => {
    if (!codes) return String(index);
    const code = codes[index] ?? NONE;
    return `${index},${code === NONE ? "" : field(labels!.header.classes[code] ?? String(code))}`;
  };
  return `${[codes ? "sample,class" : "sample", ...Array.from(fromArrays(arrays), line)].join("\r\n")}\r\n`;
}
