/** Reads XML with the position of every element and attribute. Entities are never expanded and nothing is fetched. */
import { DOMParser, type Element, ParseError } from "@xmldom/xmldom";
import type { Position } from "../../config/config-document.ts";
import type { ReadFindingCode } from "./read-findings.ts";

export const MAX_XML_LENGTH = 10 * 1024 * 1024;

/** Where something stands. */
export interface Place extends Position {
  readonly file: string;
}

export type Report = (code: ReadFindingCode, place: Place, message: string, advice: string) => void;

/** Returns the root element; undefined, after reporting it, for a text that cannot be read. */
export function readXml(text: string, file: string, report: Report): Element | undefined {
  const start: Place = { file, line: 1, column: 1 };
  if (text.length > MAX_XML_LENGTH) {
    report(
      "XML_TOO_LARGE",
      start,
      `The file has ${text.length} characters`,
      "Give the broker's own configuration file",
    );
    return undefined;
  }
  if (/<!ENTITY/i.test(text)) {
    const message = "The file declares entities, which are not expanded";
    report("XML_ENTITY", start, message, "Replace each entity by what it stands for");
    return undefined;
  }
  try {
    let failure: string | undefined;
    const parser = new DOMParser({
      onError: (level, message) => {
        if (level !== "warning") failure ??= message;
      },
    });
    const root =
      parser.parseFromString(text.replace(/^\uFEFF/, "").trimStart(), "text/xml").documentElement ?? undefined;
    if (failure !== undefined) throw new Error(failure);
    return root;
  } catch (reason) {
    const found =
      reason instanceof ParseError
        ? (reason.locator as Partial<{ lineNumber: number; columnNumber: number }> | undefined)
        : undefined;
    const place: Place = { file, line: found?.lineNumber ?? 1, column: found?.columnNumber ?? 1 };
    const words = reason instanceof Error ? reason.message : String(reason);
    report(
      "XML_SYNTAX",
      place,
      `The XML cannot be read: ${words.split("\n")[0]}`,
      "Correct the XML: an editor marks the place",
    );
    return undefined;
  }
}

interface Placed {
  readonly lineNumber?: number;
  readonly columnNumber?: number;
}

export function placeOf(node: object, file: string): Place {
  const { lineNumber = 1, columnNumber = 1 } = node as Placed;
  return { file, line: lineNumber, column: columnNumber };
}

/** The child elements with a name, whatever their prefix. */
export function children(element: Element, name: string): Element[] {
  return elements(element).filter((child) => child.localName === name);
}

export function child(element: Element | undefined, name: string): Element | undefined {
  return element && children(element, name)[0];
}

export function elements(element: Element): Element[] {
  return Array.from(element.childNodes).filter((node): node is Element => node.nodeType === 1);
}

/** All descendants with a name, in the order of the file, whatever their prefix. */
export function descendants(element: Element, name: string): Element[] {
  return Array.from(element.getElementsByTagNameNS("*", name));
}

export function textOf(element: Element | undefined): string | undefined {
  return element?.textContent?.trim() || undefined;
}
