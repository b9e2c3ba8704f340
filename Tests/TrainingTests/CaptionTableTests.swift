import Datasets
import Foundation
import Testing

@Suite("Captions of several images in one file")
struct CaptionTableTests {
  private let dog: DatasetFixture

  init() throws {
    dog = try DatasetFixture()
    try dog.writeImages("1.png", "2.png")
  }

  // MARK: Tables

  @Test(
    "a table with a quotation mark that is not closed, or with text behind one, is an error",
    arguments: [
      (
        "file_name,text\n1.png,\"photo of one\n2.png,two\n",
        "line 2 has a quotation mark that is not closed; close it, and write a quotation mark inside "
          + "a value twice."
      ),
      (
        "file_name,text\n1.png,one\n2.png,\"photo of \"bd\" x\"\n",
        "line 3 has text after a closing quotation mark; write a quotation mark inside a value twice, "
          + "and close each value."
      ),
      (
        "file_name,text\n1.png,\"photo of one\n2.png,\"photo of two\"\n",
        "line 2 has text after a closing quotation mark; write a quotation mark inside a value twice, "
          + "and close each value."
      ),
      (
        "file_name,\"text\n1.png,one\n",
        "line 1 has a quotation mark that is not closed; close it, and write a quotation mark inside "
          + "a value twice."
      ),
    ])
  func quotes(text: String, problem: String) throws {
    try dog.write(text, to: "metadata.csv")
    #expect(dog.sentence() == "dog/metadata.csv \(problem)")
    try dog.write(text.replacing("\n", with: "\r"), to: "metadata.csv")
    #expect(dog.sentence() == "dog/metadata.csv \(problem)")
  }

  @Test("a caption file of one row with an open quotation mark is an error")
  func openCaption() throws {
    try dog.write("\"a dog", to: "1.csv")
    #expect(dog.sentence().hasPrefix("dog/1.csv line 1 has a quotation mark that is not closed;"))
  }

  @Test("columns of one name, and without a name, are named")
  func columns() throws {
    try dog.write("file_name,text,text,\n1.png,one,two,three\n2.png,two,,\n", to: "metadata.csv")
    #expect(try dog.captions() == ["1.png": ["one"], "2.png": ["two"]])
    #expect(try dog.problems() == ["metadata.csv: the keys column 3, column 4 are not read"])
  }

  @Test(
    "a table with another separator is an error that names it",
    arguments: [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
  func separators(separator: String, name: String) throws {
    let lines = ["file_name,text", "1.png,one, red", "2.png,two"]
    let table = lines.map { line in
      line.split(separator: ",", maxSplits: 1).joined(separator: separator)
    }
    try dog.write(table.joined(separator: "\n"), to: "metadata.csv")
    #expect(
      dog.sentence()
        == "dog/metadata.csv line 1 has \(name) between the columns; separate all values with "
        + "commas, and put values that contain commas into quotation marks.")
  }

  // MARK: Keys

  @Test("of keys that differ in case, the one in lower case is read, and the others are named")
  func cases() throws {
    try dog.write(
      """
      {"file_name": "1.png", "text": "lower", "Text": "UPPER"}
      {"file_name": "2.png", "Text": "a", "TEXT": "b", "text": ""}
      """, to: "metadata.jsonl")
    for _ in 0..<5 {
      #expect(try dog.captions() == ["1.png": ["lower"], "2.png": ["b"]])
      #expect(try dog.problems() == ["metadata.jsonl: the key Text is not read"])
    }
  }

  @Test(
    "a second entry of one image in JSON is an error",
    arguments: [
      (
        #"[{"file_name": "1.png", "text": "first"}, {"file_name": "1.png", "text": "second"}]"#,
        #"names "1.png" a second time"#
      ),
      (#"{"1": "first", "1.png": "second"}"#, #"names "1.png" a second time"#),
      (#"{"1.png": "first", "2.png": "a \" {", "1.png": "x"}"#, #"has the key "1.png" twice"#),
      (#"{"1.png": {"tags": ["a"], "tags": ["b"]}}"#, #"has the key "tags" twice"#),
    ])
  func second(json: String, problem: String) throws {
    try dog.write(json, to: "data.json")
    #expect(
      dog.sentence()
        == "dog/data.json \(problem); correct it, or remove it if it has no captions.")
  }

  @Test("a key that the JSON of one image has twice is an error, and objects may share keys")
  func repeatedKey() throws {
    try dog.write(#"{"caption": "a dog", "caption": "a cat"}"#, to: "1.json")
    #expect(dog.sentence().hasPrefix(#"dog/1.json has the key "caption" twice;"#))
    try dog.write(
      #"{"caption": "a", "x": {"caption": "b", "y": [{"caption": 1}, {"caption": 2}]}}"#,
      to: "1.json")
    #expect(try dog.captions()["1.png"] == ["a"])
  }

  // MARK: Values

  @Test("lists of texts are read, and what gives no image a caption is named")
  func values() throws {
    try dog.write(#"{"1.png": "a", "2.png": ["b", "c"], "info": 7}"#, to: "data.json")
    #expect(try dog.captions() == ["1.png": ["a"], "2.png": ["b", "c"]])
    #expect(try dog.problems() == ["data.json: the key info is not read"])
    try dog.write(
      #"[{"file_name": "1.png", "text": "a"}, null, {"file_name": "2.png", "text": "b"}, {"x": 1}]"#,
      to: "data.json")
    #expect(try dog.captions() == ["1.png": ["a"], "2.png": ["b"]])
    #expect(
      try dog.problems() == [
        "data.json: values 2, 4 of the list give no image a caption and are not read"
      ])
  }

  @Test(
    "JSON that cannot be parsed is an error without other captions, and is named beside them",
    arguments: [Data(#"{"1.png": "a dog""#.utf8), Data([0x7B, 0xE9, 0x7D])])
  func brokenJSON(data: Data) throws {
    try dog.write(data, to: "meta_cap.json")
    #expect(dog.sentence().hasPrefix("dog/meta_cap.json is not "))
    for name in ["1.txt", "2.txt"] { try dog.write("a dog", to: name) }
    #expect(
      try dog.problems() == [
        "meta_cap.json: not valid JSON, not read; correct it if it has captions"
      ])
  }

  // MARK: Files without effect

  @Test(
    "a table of captions whose name is not in lower case is named, and an error without captions",
    arguments: ["Metadata.jsonl", "METADATA.CSV"])
  func spelling(file: String) throws {
    try dog.write(#"{"file_name": "1.png", "text": "a dog"}"#, to: file)
    #expect(
      dog.sentence()
        == "dog has captions in files that are not read (\(file)) and no others; rename them to lower "
        + "case.")
    for name in ["1.txt", "2.txt"] { try dog.write("a dog", to: name) }
    #expect(
      try dog.problems() == ["\(file): not read, since the name is not in lower case; rename it"])
    #expect(try dog.commands() == ["mv dog/\(file) dog/\(file.lowercased())"])
    try dog.write("", to: file.lowercased())
    #expect(try dog.commands() == [])
  }

  @Test(
    "a file from which no image takes anything is named and not used",
    arguments: [
      ("metadata.jsonl", ""), ("metadata.csv", "file_name,text\n"),
      ("metadata.csv", "file_name,text\n1.png,\n"),
      ("metadata.jsonl", #"{"file_name": "1.png", "text": "unread"}"#),
      ("metadata.jsonl", #"{"file_name": "3.png", "text": "unread"}"#),
      ("captions.json", #"{"1.png": "unread"}"#),
    ])
  func idle(file: String, content: String) throws {
    for name in ["1.txt", "2.txt"] { try dog.write("a dog", to: name) }
    try dog.write(content, to: file)
    let reason = "not used; no image takes a caption or a focus point from it"
    #expect(try dog.problems().contains("\(file): \(reason)"))
    #expect(try dog.survey().files.first { $0.path == file }?.role == .unused(reason))
  }

  @Test("an empty caption file is named if the image has its caption elsewhere")
  func emptyFiles() throws {
    try dog.write("", to: "1.txt")
    try dog.write(" ", to: "2.txt")
    try dog.write("", to: "2.caption")
    try dog.write(#"{"file_name": "1.png", "text": "a dog"}"#, to: "metadata.jsonl")
    #expect(
      try dog.problems() == [
        "2.png: the caption file is empty, the caption of the folder or the subject is used; "
          + "`empty_captions: true` trains these images with an empty caption",
        "1.txt: empty; the image has its caption in another file",
        "2.caption: empty, as another caption file of the image is",
      ])
    try dog.write("focus: 0.5 0.5", to: "2.txt")
    try dog.write("focus: 0 0", to: "2.caption")
    #expect(
      try dog.problems().contains(
        "2.caption: not read; the image has its focus point in another file"))
  }
}
