import Datasets
import Foundation
import Testing

@Suite("Captions and focus points that are edited")
struct DatasetEditingCaptionTests {
  private static let point = FocusPoint(x: 0.25, y: 0.75)

  /// Files that give 1.png the captions "old" and "older", or only "old", each with its name.
  static let origins: [(file: String, text: String, captions: [String])] = [
    ("1.txt", "old\nolder\n", ["old", "older"]), ("1.TXT", "old\n", ["old"]),
    ("1.png.txt", "old\nolder", ["old", "older"]), ("1.caption", "old", ["old"]),
    ("1.tags", "old\nolder", ["old, older"]), ("1.json", #"{"caption": "old"}"#, ["old"]),
    ("metadata.jsonl", #"{"file_name": "1.png", "text": ["old", "older"]}"#, ["old", "older"]),
    ("metadata.csv", "file_name,text\n1.png,old", ["old"]),
    ("meta.json", #"{"1": {"caption": "old"}}"#, ["old"]),
    ("subject.yaml", "caption: old", ["old"]), ("notes.md", "", ["a photo of dog"]),
  ]

  private let dog: EditedDataset

  init() throws {
    dog = try EditedDataset()
    try dog.writeImages("1.png", "2.png")
  }

  @Test("a new caption takes effect, whatever the old one came from", arguments: origins)
  func sources(file: String, text: String, captions: [String]) throws {
    try dog.write(text, to: file)
    #expect(try dog.image("1.png").captions == captions)
    try dog.editor.setCaption("  a new one, nur für 犬 🐕\n", of: "1.png")
    #expect(
      try dog.image("1.png").captions == ["a new one, nur für 犬 🐕"] + captions.dropFirst())
    #expect(try dog.report().images[0].caption == "a new one, nur für 犬 🐕")
    #expect(try dog.survey().unusable.isEmpty)
  }

  @Test("the caption stays when a focus point is set, moved and removed", arguments: origins)
  func focus(file: String, text: String, captions: [String]) throws {
    try dog.write(text, to: file)
    let before = try dog.paths()
    #expect(try dog.editor.setFocus(Self.point, of: "1.png") == Self.point)
    #expect(try dog.image("1.png").focus == Self.point)
    #expect(try dog.image("1.png").captions == captions)
    let exact = FocusPoint(x: 1.0 / 3, y: 1e-7)
    try dog.editor.setFocus(exact, of: "1.png")
    #expect(try dog.image("1.png").focus == exact)
    #expect(try dog.editor.setFocus(nil, of: "1.png") == nil)
    #expect(try dog.image("1.png").focus == nil)
    #expect(try dog.image("1.png").captions == captions)
    #expect(try dog.paths() == before)
  }

  @Test(
    "a new caption keeps the focus point of the caption file",
    arguments: ["1.txt", "1.caption", "1.json"])
  func keepsFocus(file: String) throws {
    let isJSON = file.hasSuffix("json")
    try dog.write(
      isJSON ? #"{"caption": "old", "focus": [0.25, 0.75]}"# : "focus: 0.25, 0.75\n\nold\n",
      to: file)
    try dog.editor.setCaption("new", of: "1.png")
    #expect(try dog.image("1.png").captions == ["new"])
    #expect(try dog.image("1.png").focus == Self.point)
    #expect(dog.text("1.txt") == "new\nfocus: 0.25 0.75\n")
  }

  @Test("a point that is not in the text file is named; below one there is that of subject.yaml")
  func otherFocus() throws {
    try dog.write("focus: [0.5, 0.5]\n", to: "subject.yaml")
    #expect(
      dog.sentence { try dog.editor.setFocus(nil, of: "1.png") }.contains(
        "is set by subject.yaml, a table of captions or another program's caption file"))
    try dog.editor.setFocus(Self.point, of: "1.png")
    #expect(try dog.editor.setFocus(nil, of: "1.png") == FocusPoint(x: 0.5, y: 0.5))
    for point in [FocusPoint(x: 1.01, y: 0), FocusPoint(x: .nan, y: 0), FocusPoint(x: 0, y: -1)] {
      #expect(
        dog.sentence { try dog.editor.setFocus(point, of: "1.png") }.hasPrefix(
          "The focus point of 1.png is outside the image;"))
    }
  }

  @Test(
    "what is no line of a caption is refused, and the old file stays",
    arguments: [
      ("", "would be empty"), (" \n\t", "would be empty"), ("one\ntwo", "several lines"),
      ("one\u{2028}two", "several lines"), ("one\r\ntwo", "several lines"),
      ("Focus: 0.1 0.2", "\"focus:\""), ("a\0b", "control characters"),
      ("\u{feff}dog", "control characters"), ("a\u{1b}[31m", "control characters"),
      (String(repeating: "x", count: 65_537), "65537 bytes"),
    ])
  func refused(text: String, expected: String) throws {
    try dog.write("old\n", to: "1.txt")
    let found = dog.sentence { try dog.editor.setCaption(text, of: "1.png") }
    #expect(found.hasPrefix("The caption of 1.png would") && found.contains(expected), "\(found)")
    #expect(dog.text("1.txt") == "old\n")
  }

  @Test("images of one name have no text file of their own, unless it has their whole name")
  func shared() throws {
    try dog.writeImages("1.jpg")
    let sentence =
      "1.png and 1.jpg would share 1.txt, since only their extensions differ; rename one of them."
    #expect(dog.sentence { try dog.editor.setCaption("new", of: "1.png") } == sentence)
    try dog.write("both", to: "1.txt")
    #expect(dog.sentence { try dog.editor.setCaption("new", of: "1.png") } == sentence)
    #expect(
      dog.sentence { _ = try dog.editor.changes(.prefix("sks"), of: ["1.png"]) } == sentence)
    try FileManager.default.removeItem(at: dog.url.appending(path: "1.txt"))
    try dog.write("old", to: "1.png.txt")
    try dog.editor.setCaption("new", of: "1.png")
    #expect(try dog.image("1.png").caption == "new")
    #expect(try dog.image("1.jpg").caption == "a photo of dog")
  }

  @Test("a write that fails leaves the old caption, and nothing else")
  func failure() throws {
    try dog.write("old\n", to: "1.txt")
    try dog.block("1.txt")
    #expect(
      dog.sentence { try dog.editor.setCaption("new", of: "1.png") }.contains("cannot be written"))
    #expect(
      dog.sentence { try dog.editor.setFocus(Self.point, of: "1.png") }
        .contains("cannot be written"))
    #expect(dog.text("1.txt") == "old\n")
  }

  @Test("a link is replaced, and its target stays; a folder of that name is refused")
  func links() throws {
    try dog.write("theirs", to: "../theirs.txt")
    try FileManager.default.createSymbolicLink(
      at: dog.url.appending(path: "1.txt"),
      withDestinationURL: dog.parent.appending(path: "theirs.txt"))
    try dog.editor.setCaption("mine", of: "1.png")
    #expect(dog.text("1.txt") == "mine\n")
    #expect(dog.text("../theirs.txt") == "theirs")
    try dog.write("inside", to: "2.txt/file")
    #expect(
      dog.sentence { try dog.editor.setCaption("mine", of: "2.png") }
        == "dog/2.txt exists and belongs to no image; rename or remove it.")
  }

  @Test("a caption file that cannot be read is not overwritten")
  func unreadable() throws {
    try dog.write(Data([0x61, 0xe9, 0x62]), to: "1.txt")
    #expect(
      dog.sentence { try dog.editor.setCaption("new", of: "1.png") }
        == "dog/1.txt is not UTF-8 text; save the caption as UTF-8.")
    #expect(
      FileManager.default.contents(atPath: dog.url.appending(path: "1.txt").path)
        == Data([0x61, 0xe9, 0x62]))
  }
}
