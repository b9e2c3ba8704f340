import Datasets
import Foundation
import Testing

@testable import Training

@Suite("Where captions come from")
struct CaptionSourceTests {
  private static let rule =
    #"each line must be a JSON object such as {"file_name": "01.jpg", "text": "a photo of sks dog"}"#
  private static let noPoint =
    #"has a "focus" that is not two numbers from 0 to 1, such as [0.5, 0.3]; correct or remove it"#

  private let dog: DatasetFixture

  init() throws { dog = try DatasetFixture() }

  @Test("metadata.jsonl gives a caption, alternatives or a focus point, under its common keys")
  func metadata() throws {
    try dog.writeImages(
      "1.png", "2.png", "3.png", "4.png", "5.png", "6.png", "2_a/1.png", "2_a/2.png")
    try dog.write(
      """
      \u{feff}{"file_name": "1.png", "text": " one dog\\nin two lines "}\r
      {"file_name": "./2.png", "text": ["two", "", "deux"], "focus": [0.25, 1]}

      {"file_name": "3.png", "caption": "three", "prompt": "unused"}
      {"file_name": "4.png", "text": null, "prompt": "four\u{2028}4"}
      {"file_name": "5.png", "label": 3}
      {"file_name": "2_a/1.png", "text": "from above"}
      {"file_name": "2_a/2.png", "text": "from above"}
      """, to: "metadata.jsonl")
    try dog.write(#"{"file_name": "2.png", "text": "its own"}"#, to: "2_a/metadata.jsonl")
    #expect(
      try dog.captions() == [
        "1.png": ["one dog in two lines"], "2.png": ["two", "deux"], "3.png": ["three"],
        "4.png": ["four 4"], "5.png": ["a photo of dog"], "6.png": ["a photo of dog"],
        "2_a/1.png": ["from above"], "2_a/2.png": ["its own"],
      ])
    let focus = try dog.load().images.compactMap(\.focus)
    #expect(focus == [FocusPoint(x: 0.25, y: 1)])
    #expect(
      try dog.problems() == [
        "5.png, 6.png: no caption in a .txt file of the same name, \"a photo of dog\" is used",
        "2_a/2.png: captions in 2_a/metadata.jsonl and in metadata.jsonl, the first is read",
        "metadata.jsonl: the keys label, prompt are not read",
      ])
  }

  @Test(
    "a .txt overrides metadata.jsonl, which overrides the folder's words; unread ones are noted")
  func order() throws {
    try dog.writeImages("2_words/1.png", "2_words/2.png", "2_words/3.png")
    try dog.write("text", to: "2_words/1.txt")
    try dog.write(
      """
      {"file_name": "1.png", "text": "metadata"}
      {"file_name": "2.png", "text": "metadata"}
      {"file_name": "gone.png", "text": "metadata"}
      """, to: "2_words/metadata.jsonl")
    #expect(
      try dog.captions() == [
        "2_words/1.png": ["text"], "2_words/2.png": ["metadata"], "2_words/3.png": ["words"],
      ])
    #expect(
      try dog.problems() == [
        "2_words/1.png: captions in a .txt and in metadata.jsonl, the .txt is read",
        "2_words/metadata.jsonl line 3 (gone.png): no image of that name, not read",
      ])
  }

  @Test(
    "an error names a broken line by its number",
    arguments: [
      (#"{"file_name": "1.png", "text": "cut"#, "is not a JSON object; \(rule)"),
      ("[1]", "is not a JSON object; \(rule)"),
      (#"{"text": "a dog"}"#, #"has no text "file_name"; \#(rule)"#),
      (
        #"{"file_name": "1.png", "text": 7}"#,
        #"has a "text" that is neither a text nor a list of texts; write it as a text in quotation marks"#
      ),
      (#"{"file_name": "1.png", "focus": [1, 2]}"#, noPoint),
      (#"{"file_name": "1.png", "focus": [0.9, "x", 0.5]}"#, noPoint),
      (#"{"file_name": "1.png", "focus": "0.9 oops 0.5"}"#, noPoint),
      (#"{"file_name": "1.png", "focus": 0.5}"#, noPoint),
      (
        #"{"file_name": "./2.png"}"#,
        #"names "./2.png" a second time; keep one line for each image"#
      ),
      (
        #"{"file_name": "1.png", "text": "a", "te\u0078t": "b"}"#,
        #"has the key "text" twice; keep one of them"#
      ),
    ])
  func brokenLine(line: String, problem: String) throws {
    try dog.writeImages("1.png", "2.png")
    try dog.write("{\"file_name\": \"2.png\"}\r\n\r\n\(line)\n", to: "metadata.jsonl")
    #expect(dog.sentence() == "dog/metadata.jsonl line 3 \(problem).")
    let survey = try dog.survey()
    #expect(survey.unusable.map(\.name) == ["metadata.jsonl"])
    #expect(survey.dataset?.images.count == 2)
  }

  @Test("every line of a .txt is kept, and lines that the configuration does not read are noted")
  func alternatives() throws {
    try dog.writeImages("1.png")
    try dog.write("first\r\n\r\n  focus: 0.4 0.3\r\n second, sks ", to: "1.txt")
    try dog.write("trigger: sks", to: "subject.yaml")
    #expect(try dog.captions() == ["1.png": ["first", "second, sks"]])
    #expect(try dog.load().images[0].focus == FocusPoint(x: 0.4, y: 0.3))
    #expect(try dog.problems() == [])
    let several =
      "1.png: several captions, only the first is read; `caption_alternatives: true` draws "
      + "one for each sample"
    let missing =
      "no caption contains \"sks\", so that word will not draw the subject; use it in the captions, "
      + "or set trigger in subject.yaml"
    #expect(try dog.problems { _ in } == [several, missing])
    #expect(try dog.problems { $0.captionPrefix = "SKS," } == [several])
    #expect(try dog.problems { $0.captionSuffix = "by sks" } == [several])
    #expect(try dog.problems { $0.captionAlternatives = true } == [])
  }

  @Test("captions are cut off at the configured length, with prefix and suffix")
  func truncation() throws {
    try dog.writeImages("1.png")
    // The small tokenizer of the tests has two tokens for "dog" and one for "a".
    try dog.write("dog" + String(repeating: " a", count: 80), to: "1.txt")
    #expect(
      try dog.problems { _ in } == [
        "1.png: the caption is longer than 75 tokens, \"a a a a a a a\" is cut off"
      ])
    #expect(try dog.problems { $0.maxCaptionTokens = 150 } == [])
    #expect(
      try dog.problems { $0.captionSuffix = "cat" } == [
        "1.png: the caption is longer than 75 tokens, \"a a a a a a a cat\" is cut off"
      ])
  }

  @Test(
    "an invalid focus line is an error, and so is a second one",
    arguments: [
      ("focus: 0.5", 1), ("Focus: a b", 1), ("focus: 0.5 1.01", 1), ("a dog\nfocus: -0.1 0", 2),
      ("focus: nan 0", 1), ("focus:", 1), ("focus: 0.1 0.2 0.3", 1),
      ("focus: 0 0\n\nfocus: 0 0", 3),
    ])
  func malformedFocus(text: String, line: Int) throws {
    try dog.writeImages("1.png", "2.png")
    try dog.write(text, to: "1.txt")
    let found = text.split(separator: "\n").last ?? ""
    #expect(
      dog.sentence()
        == "dog/1.txt line \(line) has \"\(found)\", but a file has at most one focus point, given by "
        + "its shares of width and height from 0 to 1, such as \"focus: 0.5 0.3\".")
    #expect(try dog.survey().dataset?.images.map(\.name) == ["2.png"])
  }

  @Test("focus points come from the image's caption file, then from its name, then from all images")
  func focus() throws {
    try dog.writeImages("1.png", "2.png", "2_a/1.png")
    try dog.write("focus: 0,1\ndog", to: "1.txt")
    func points() throws -> [FocusPoint?] { try dog.load().images.map(\.focus) }
    try dog.write("focus: [0.5, 0.25]", to: "subject.yaml")
    let middle = FocusPoint(x: 0.5, y: 0.25)
    #expect(try points() == [FocusPoint(x: 0, y: 1), middle, middle])
    try dog.write(
      "focus:\n  1.png: [0.1, 0.1]\n  2_a/1.png: [1, 0]\n  3.png: [1, 0]\n", to: "subject.yaml")
    #expect(try points() == [FocusPoint(x: 0, y: 1), nil, FocusPoint(x: 1, y: 0)])
    #expect(
      try dog.problems().last
        == "3.png: no image of that name, but subject.yaml gives it a focus point")
  }

  @Test("a caption of 1 MB is read quickly, and only an excerpt is printed")
  func longCaption() throws {
    try dog.writeImages("1.png")
    try dog.write(String(repeating: "a very long dog ", count: 65_536), to: "1.txt")
    let start = ContinuousClock.now
    #expect(try dog.captions()["1.png"]?[0].utf8.count == 1_048_575)
    #expect(try dog.problems().isEmpty)
    #expect(ContinuousClock.now - start < .seconds(5))
    try dog.write("focus: " + String(repeating: "x", count: 1_000_000), to: "1.txt")
    #expect(dog.sentence().count < 250)
  }

  @Test("text that is not UTF-8 is an error with a command that fixes it")
  func encodings() throws {
    try dog.writeImages("1.png", "it's 2.png", "3.png")
    try dog.write(Data([0x61, 0xE9]), to: "1.txt")
    try dog.write(Data([0x93, 0x61, 0x94]), to: "it's 2.txt")
    try dog.write(Data([0xFF, 0xFE, 0x61, 0x00]), to: "3.txt")
    try dog.write(Data([0x7B, 0xFC]), to: "metadata.jsonl")
    let survey = try dog.survey()
    #expect(survey.dataset == nil)
    #expect(survey.unusable.map(\.name) == ["1.txt", "3.txt", "it's 2.txt", "metadata.jsonl"])
    #expect(
      survey.unusable.prefix(3).flatMap(\.commands).map(dog.short) == [
        "iconv -f LATIN1 -t UTF-8 dog/1.txt > dog/1.txt.utf8 && mv dog/1.txt.utf8 dog/1.txt",
        "iconv -f UTF-16 -t UTF-8 dog/3.txt > dog/3.txt.utf8 && mv dog/3.txt.utf8 dog/3.txt",
        #"iconv -f WINDOWS-1252 -t UTF-8 'dog/it'\''s 2.txt' > 'dog/it'\''s 2.txt.utf8' && "#
          + #"mv 'dog/it'\''s 2.txt.utf8' 'dog/it'\''s 2.txt'"#,
      ])
    for command in survey.unusable.flatMap(\.commands) {
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/sh")
      shell.arguments = ["-c", command]
      try shell.run()
      shell.waitUntilExit()
      #expect(shell.terminationStatus == 0)
    }
    try FileManager.default.removeItem(at: dog.url.appending(path: "metadata.jsonl"))
    #expect(try dog.captions() == ["1.png": ["aé"], "it's 2.png": ["“a”"], "3.png": ["a"]])
  }

  @Test(
    "UTF-16 without a byte order mark is an error that names it, with a command that fixes it",
    arguments: [
      (String.Encoding.utf16LittleEndian, "UTF-16LE", "a photo of sks dog\n"),
      (.utf16BigEndian, "UTF-16BE", "a photo of sks dog\n"),
      (.utf16LittleEndian, "UTF-16LE", "фото собаки"),
    ])
  func utf16(encoding: String.Encoding, name: String, caption: String) throws {
    try dog.writeImages("1.png")
    let text = try #require(caption.data(using: encoding))
    try dog.write(text, to: "1.txt")
    #expect(dog.sentence() == "dog/1.txt is UTF-16 text; save it as UTF-8.")
    #expect(
      try dog.survey().unusable.flatMap(\.commands).map(dog.short) == [
        "iconv -f \(name) -t UTF-8 dog/1.txt > dog/1.txt.utf8 && mv dog/1.txt.utf8 dog/1.txt"
      ])
    try FileManager.default.removeItem(at: dog.url.appending(path: "1.txt"))
    try dog.write(text, to: "metadata.csv")
    #expect(dog.sentence() == "dog/metadata.csv is UTF-16 text; save it as UTF-8.")
  }

  @Test("a NUL character in a caption is an error", arguments: ["1.txt", "metadata.jsonl"])
  func nulCharacters(file: String) throws {
    try dog.writeImages("1.png")
    for text in ["a photo of\0 a dog", "\0", "\0\0\0\0", "\u{feff}a\0 dog"] {
      try dog.write(text, to: file)
      #expect(
        dog.sentence()
          == "dog/\(file) contains NUL characters, as UTF-16 text and damaged files do; save it as "
          + "UTF-8.")
    }
  }
}
