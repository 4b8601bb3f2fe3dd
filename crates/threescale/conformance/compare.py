#!/usr/bin/env python3
"""Compares this crate with libxml2 over generated and damaged documents.

    pip install lxml && crates/threescale/conformance/compare.py [documents] [seed]

Both must agree on what is well-formed, and on what a well-formed notification says: the
canonical digest is computed here a second time, from libxml2's tree. The intended disagreements
are in EXPLAINED, each with its reason; any other is printed, and the exit status is 1.
"""

import hashlib
import random
import re
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

from lxml import etree

HERE = Path(__file__).resolve().parent
SAMPLES = [p.read_bytes() for p in sorted((HERE / "../tests/samples").glob("*.xml"))]
WELL_FORMED = {"ok", "not_a_notification"}

# Intended disagreements: each decides by our code, libxml2's complaint and the document if it is one.
EXPLAINED = {
    "we refuse every document type": lambda ours, theirs, document: ours == "doctype_forbidden",
    "we read UTF-8 only, whatever is declared": lambda ours, theirs, document: ours == "invalid_encoding",
    "libxml2 checks namespaces too, we only XML 1.0": lambda ours, theirs, document: ours in WELL_FORMED
    and re.match("Namespace prefix|Failed to parse QName|colons are forbidden|xmlns:|xml namespace|.*is not a valid URI|reuse of", theirs or ""),
    "libxml2 accepts version 1., XML 1.0 requires a digit": lambda ours, theirs, document: ours == "malformed_xml"
    and re.match(rb"(\xef\xbb\xbf)?<\?xml\s+version\s*=\s*([\"'])1\.\2", document),
}


def canonical(root):
    """The documented form (src/digest.rs), from libxml2's tree."""
    out = []

    def string(text):
        data = text.encode()
        return struct.pack("<Q", len(data)) + data

    def text(depth, value):
        if value:
            out.append(bytes([depth, 2]) + string(value))

    def walk(element, depth):
        out.append(bytes([depth, 1]) + string(name(element)))
        attributes = sorted((name_of(element, k), v) for k, v in element.attrib.items())
        out.append(struct.pack("<Q", len(attributes)))
        out.extend(string(k) + string(v) for k, v in attributes)
        runs, children = [element.text or ""], []
        for child in element:
            if isinstance(child.tag, str):
                children.append(child)
                runs.append(child.tail or "")
            else:  # a comment or processing instruction
                runs[-1] += child.tail or ""
        if not children:
            text(depth + 1, runs[0])
            return
        for index, run in enumerate(runs):
            text(depth + 1, run if run.strip(" \t\r\n") else "")
            if index < len(children):
                walk(children[index], depth + 1)

    walk(root, 0)
    return hashlib.sha256(string("threescale-edge/1") + string("conformance") + b"".join(out)).hexdigest()


def name(element):
    return f"{element.prefix}:{etree.QName(element).localname}" if element.prefix else etree.QName(element).localname


def name_of(element, key):
    qname = etree.QName(key)
    if not qname.namespace:
        return qname.localname
    prefixes = {uri: prefix for prefix, uri in element.nsmap.items() if prefix}
    prefixes["http://www.w3.org/XML/1998/namespace"] = "xml"
    return f"{prefixes[qname.namespace]}:{qname.localname}"


def libxml2(document):
    """The digest, or none and the complaint."""
    parser = etree.XMLParser(resolve_entities="internal", no_network=True, huge_tree=True, remove_blank_text=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return None, str(error)
    return canonical(root), None


TOKENS = [t.encode() for t in [
    "<", ">", "/>", "</", "<a>", "</a>", "<a/>", "<a b='c'/>", "<id>", "</id>", "<!--", "-->", "--", "-", "<![CDATA[", "]]>", "]]",
    "]", "<?", "?>", "<?x y?>", "<?xml?>", "<?xml version='1.0'?>", "<!DOCTYPE a>", "<!", "&", ";", "&amp;", "&lt;", "&#", "&#x",
    "&#65;", "&#x41;", "&#X41;", "&#0;", "&#1;", "&#13;", "&#10;", "&#xD800;", "&#xFFFE;", "&x;", "&quot;", "\"", "'", "=", " ", " a=\"b\"", " b='c'",
    " a='&lt;'", " a='<'", " a='\t\n\r'", "\r\n", "\r", "\n", "\t", "text", "\0", "\x01", "\x7f", "\x85", "\ufeff", "é", "\ufffe", "\u2028", "😀",
    "xml", "1", ":", ".", "_", "/", "?", "!", "[", "x:y", "version", "encoding", "standalone",
]] + [b"\xff", b"\xc3", b"\xa9", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"]

DECLARATIONS = [
    "<?xml version=%s1.0%s", " ", "encoding", "=", " = ", "'UTF-8'", "\"utf-8\"", "'US-ASCII'", "'ISO-8859-1'", "'UTF-16'", "'8'", "''",
    "version", "'1.0'", "'1.1'", "'2.0'", "'1.'", "standalone", "'yes'", "'no'", "'maybe'", "\n", "\t", "?", ">", "x",
]


def around(inside):
    return b"<event><action>a</action><type>t</type><object><t>" + inside + b"</t></object></event>"


def damaged(rng):
    document = bytearray(rng.choice(SAMPLES))
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at = rng.randrange(len(document) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            document[at:at] = rng.choice(TOKENS)
        elif kind == 1:
            document[at:at + 1] = bytes([rng.randrange(256)])
        elif kind == 2:
            del document[at:at + rng.choice([1, 1, 2, 5, 40])]
        elif kind == 3:
            end = at + rng.randrange(60)
            document[rng.randrange(len(document)):0] = document[at:end]
        else:
            document[at:at + 1] = rng.choice([b"<", b">", b"&", b'"', b"'", b"/", b" ", b"]", b"-", b"="])
    return bytes(document)


def soup(rng):
    inside = b"".join(rng.choice(TOKENS) for _ in range(rng.randrange(1, 9)))
    return around(inside) if rng.random() < 0.8 else rng.choice([b"", b"<a/>"]) + inside


def tag(rng):
    """One start tag, put together from what tags are made of."""
    parts = [b"a", b" ", b"\n", b"b", b"=", b"'c'", b'"d"', b"'<'", b"'&amp;'", b"'&x;'", b"'>'", b"/", b"'", b"\xc3\xa9", b":", b"xmlns", b"b='c'", b" c='d'"]
    inside = b"<a" + b"".join(rng.choice(parts) for _ in range(rng.randrange(0, 7))) + rng.choice([b"/>", b">x</a>", b"></a >", b"/ >"])
    return around(inside)


def named(rng):
    """Names at the edges of the classes of characters."""
    edges = [0x2D, 0x2E, 0x30, 0x39, 0x3A, 0x41, 0x5A, 0x5F, 0x61, 0x7A, 0xB7, 0xC0, 0xD6, 0xD7, 0xD8, 0xF6, 0xF7, 0xF8, 0x2FF, 0x300, 0x36F, 0x370,
             0x37D, 0x37E, 0x37F, 0x1FFF, 0x2000, 0x200B, 0x200C, 0x200D, 0x200E, 0x203F, 0x2040, 0x2041, 0x206F, 0x2070, 0x218F, 0x2190, 0x2BFF, 0x2C00,
             0x2FEF, 0x2FF0, 0x3000, 0x3001, 0xD7FF, 0xE000, 0xF8FF, 0xF900, 0xFDCF, 0xFDD0, 0xFDEF, 0xFDF0, 0xFFFD, 0x10000, 0xEFFFF, 0xF0000, 0x10FFFF]
    point = rng.choice(edges) + rng.choice([-1, 0, 0, 1])
    char = "é" if 0xD800 <= point < 0xE000 or point > 0x10FFFF else chr(point)
    word = rng.choice([char, "a" + char, char + "a", "a" + char + "b"])
    return around(rng.choice(["<%s/>", "<a %s='1'/>", "<?%s x?>", "&%s;", "%s", "<b>%s</b>"]).replace("%s", word).encode())


def declared(rng):
    if rng.random() < 0.6:
        return prologue(rng)
    head = "".join(rng.choice(DECLARATIONS) for _ in range(rng.randrange(0, 8))).replace("%s", rng.choice("'\""))
    head = rng.choice(["", "<?xml version='1.0'", "<?xml "]) + head + rng.choice(["?>", "?>", "?>", ">", ""])
    return rng.choice(["", "", "", "\ufeff", " "]).encode() + head.encode() + around(rng.choice(["x", "é"]).encode())


def prologue(rng):
    """Mostly well-formed: a declaration, a document type or neither, and what may be around."""
    space = lambda: rng.choice([" ", " ", "\n", "\t ", ""]) if rng.random() < 0.3 else " "
    quote = lambda text: rng.choice("'\"").join(["", text, ""])
    version = rng.choice(["1.0"] * 6 + ["1.1", "1.7", "2.0", "1", ""])
    encoding = rng.choice(["UTF-8"] * 4 + ["utf8", "US-ASCII", "ISO-8859-1", "UTF-16", "windows-1252", "no-such", "8bit", ""])
    standalone = rng.choice(["yes", "no", "no", "YES", ""])
    parts = ["<?xml", space(), "version=", quote(version)]
    if rng.random() < 0.6:
        parts += [space(), "encoding", rng.choice(["=", " = "]), quote(encoding)]
    if rng.random() < 0.3:
        parts += [space(), "standalone=", quote(standalone)]
    head = "".join(parts) + rng.choice(["?>", " ?>"]) if rng.random() < 0.8 else ""
    misc = lambda: rng.choice(["", "", "\n", "<!-- c -->", "<?pi x?>", "<!DOCTYPE event>", "<!DOCTYPE event [<!ENTITY e 'f'>]>", "<?xml version='1.0'?>", "x"])
    body = around(rng.choice(["x", "é", "&e;"]).encode()).decode()
    text = rng.choice(["", "", "\ufeff", " "]) + head + misc() + body + misc()
    return text.encode(rng.choice(["utf-8"] * 8 + ["latin-1", "utf-16"]), "replace")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 3)
    makers = [damaged, damaged, soup, soup, tag, named, declared]
    documents = [rng.choice(makers)(rng) for _ in range(count)] + SAMPLES
    ours = subprocess.run(
        ["cargo", "run", "-q", "--release", "-p", "threescale", "--example", "verdict"],
        input=b"".join(b"%d\n%s" % (len(d), d) for d in documents), stdout=subprocess.PIPE, check=True, cwd=HERE,
    ).stdout.decode().splitlines()
    assert len(ours) == len(documents)

    tally, shown = Counter(), Counter()
    for document, verdict in zip(documents, ours):
        code, _, rest = verdict.partition(" ")
        digest, complaint = libxml2(document)
        agree = (code in WELL_FORMED) == (complaint is None)
        if agree and code == "ok":
            agree = rest == digest
        if agree:
            tally["agreed: well-formed" if complaint is None else "agreed: not well-formed"] += 1
            continue
        reason = next((why for why, explains in EXPLAINED.items() if explains(code, complaint, document)), None)
        if reason:
            tally[f"explained: {reason}"] += 1
            continue
        kind = re.sub(r"[\d']+|line.*", "", f"{code} | {complaint}")[:90]
        tally["DISAGREED: " + kind] += 1
        shown[kind] += 1
        if shown[kind] <= 3:
            print(f"DISAGREED\n  document: {document[-300:]!r}\n  we:       {verdict}\n  libxml2:  {complaint or 'well-formed ' + str(digest)}")
    print(f"{len(documents)} documents, lxml {etree.__version__}, libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))}")
    for kind, number in sorted(tally.items()):
        print(f"{number:>9}  {kind}")
    sys.exit(1 if shown else 0)


if __name__ == "__main__":
    main()
