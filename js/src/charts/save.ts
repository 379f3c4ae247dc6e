// A chart as a file.
import { download } from "../ui/download";

const FINE = 2; // pixels for each of the page's, so that it can be printed

/** A name that every file system takes. */
const fileName = (name: string, ending: string): string =>
  `${["innerview", name || "chart"].map((part) => part.replace(/[^\w.-]+/g, "_")).join("-")}.${ending}`;

const fileOf = (svg: string): Blob => new Blob([svg], { type: "image/svg+xml" });

export const saveSvg = (svg: string, name: string): void => download(fileOf(svg), fileName(name, "svg"));

/** The drawing as pixels: the browser draws the SVG file. */
export async function savePng(svg: string, name: string): Promise<void> {
  const url = URL.createObjectURL(fileOf(svg));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = FINE * image.naturalWidth;
    canvas.height = FINE * image.naturalHeight;
    const context = canvas.getContext("2d");
    if (!context)
      throw new Error(`the browser has no memory for a picture of ${canvas.width} x ${canvas.height} pixels`);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (blob) download(blob, fileName(name, "png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}
