import Datasets
import Foundation
import Testing

@Suite("subject.yaml that is edited")
struct DatasetEditingSettingsTests {
  private let dog: EditedDataset

  init() throws {
    dog = try EditedDataset()
    try dog.writeImages("1.png", "2.png", "3.png")
  }

  private func set(_ change: (inout SubjectSettings) -> Void) throws {
    var settings = try dog.editor.settings()
    change(&settings)
    try dog.editor.setSettings(settings)
  }

  @Test("a new file has the settings that are given")
  func new() throws {
    let settings = SubjectSettings(
      trigger: "sks", classWord: "dog", caption: "a photo: of \"sks\" #dog", repeats: 2,
      priorImages: 10, classPrompts: ["a dog", "null", "an 犬, sitting"])
    try dog.editor.setSettings(settings)
    #expect(try dog.editor.settings() == settings)
    #expect(try dog.image("1.png").caption == "a photo: of \"sks\" #dog")
    #expect(try dog.image("1.png").repeats == 2)
    #expect(try dog.report().trigger == "sks")
  }

  @Test("only the lines of what changes change; comments and order stay")
  func lines() throws {
    let text = """
      # The neighbours' dog.
      trigger: sks          # the word
      class_word: dog

      # Said twice.
      repeats: 2
      focus: [0.5, 0.3]     # for images without a focus point
      folders:
        # none yet
        []
      # the end

      """
    try dog.write(text, to: "subject.yaml")
    try set { $0.trigger = "ohwx" }
    #expect(dog.text("subject.yaml") == text.replacing("trigger: sks ", with: "trigger: ohwx "))
    try set { $0.trigger = "sks" }
    #expect(dog.text("subject.yaml") == text)
    try set { $0.caption = "a sks" }
    #expect(dog.text("subject.yaml") == text + "caption: \"a sks\"\n")
    try set { ($0.caption, $0.classWord, $0.trigger) = (nil, "  ", nil) }
    #expect(
      dog.text("subject.yaml")
        == text.replacing("class_word: dog\n", with: "").replacing(
          "trigger: sks ", with: "trigger: "))
    #expect(try dog.editor.settings() == SubjectSettings(repeats: 2))
  }

  @Test("line ends of Windows, a byte order mark and a missing last line end stay")
  func lineEnds() throws {
    try dog.write("\u{feff}# mine\r\ntrigger: sks # w\r\nrepeats: 2", to: "subject.yaml")
    try set { ($0.trigger, $0.classWord) = ("ohwx", "dog") }
    #expect(
      dog.text("subject.yaml")
        == "\u{feff}# mine\r\ntrigger: ohwx # w\r\nrepeats: 2\r\nclass_word: dog\r\n")
  }

  @Test(
    "a value over several lines is replaced as a whole",
    arguments: [
      "caption: |\n  a photo\n", "caption: >-\n  a photo\n  of a dog\n",
      "caption: \"a photo\n  of\"\n",
      "caption: a photo\n  of a dog\n", "\"caption\": 'a # b'\n", "caption: # why\n  a photo\n",
    ])
  func block(lines: String) throws {
    try dog.write("trigger: sks\n\(lines)# after\nrepeats: 2\n", to: "subject.yaml")
    try set { $0.caption = "new" }
    let comment = lines.contains("why") ? " # why" : ""
    #expect(
      dog.text("subject.yaml") == "trigger: sks\ncaption: new\(comment)\n# after\nrepeats: 2\n")
  }

  @Test(
    "a form that cannot be changed without losing something is refused, and stays",
    arguments: [
      "{trigger: sks, repeats: 2}\n", "trigger: sks\n...\n",
      "exclude: [1.png, # blurry\n  2.png]\n",
      "class_prompts:\n  - a dog # big\n  - a cat\n", "caption: \"a # b\n  c\"\n",
    ])
  func refused(text: String) throws {
    try dog.write(text, to: "subject.yaml")
    let found = dog.sentence {
      try set { ($0.caption, $0.classPrompts) = ("new", ["new"]) }
      try dog.editor.setExcluded(true, "3.png")
    }
    #expect(
      found.hasPrefix("dog/subject.yaml sets ") && found.contains("change it in a text editor."),
      "\(found)")
    if !text.hasPrefix("exclude") { #expect(dog.text("subject.yaml") == text) }
  }

  @Test("a value that is not allowed is refused as when it is read, and nothing is written")
  func notAllowed() throws {
    try dog.write("trigger: sks\n", to: "subject.yaml")
    for (change, expected) in [
      ({ $0.repeats = 0 }, "line 2: repeats is 0, but must be a whole number from 1 to 10000."),
      ({ $0.priorImages = -1 }, "line 2: prior_images is -1, but must be"),
      ({ $0.classPrompts = ["a", " "] }, "line 2: class_prompts is [\"a\", \"\"], but must be"),
    ] as [((inout SubjectSettings) -> Void, String)] {
      let found = dog.sentence { try set(change) }
      #expect(found.hasPrefix("dog/subject.yaml \(expected)"), "\(found)")
    }
    #expect(
      dog.sentence { try set { $0.caption = "one\ntwo" } }
        == "The text for caption has line breaks or control characters; write it on one line.")
    #expect(dog.text("subject.yaml") == "trigger: sks\n")
    try dog.block("subject.yaml")
    #expect(dog.sentence { try set { $0.trigger = "ohwx" } }.contains("cannot be written"))
    #expect(dog.text("subject.yaml") == "trigger: sks\n")
  }

  @Test(
    "each text is read as it was given",
    arguments: [
      "null", "~", "true", "0100", "[a]", "{a: b}", "a: b", "- a", "# a", "'a'", "\"a\"", "\\n",
      "a\u{a0}b",
      "*a", "&a", "!a", "%a", "@a", "`a`", "|", ">", "a #b", "犬 🐕", "…", "a\u{feff}b",
    ])
  func texts(text: String) throws {
    try dog.editor.setSettings(SubjectSettings(trigger: text, classPrompts: [text]))
    let settings = SubjectSettings(trigger: text, classPrompts: [text])
    #expect(try dog.editor.settings() == settings)
    try set { $0.trigger = "x" }
    try set { $0.trigger = text }
    #expect(try dog.editor.settings() == settings)
  }

  @Test(
    "lines of a list of excluded images keep their comments",
    arguments: ["  ", "", "    "])
  func list(indent: String) throws {
    try dog.write(
      "exclude: # not these\n\(indent)- 1.png   # blurry\n\(indent)# dark\n\(indent)- 2.png\n# end\n",
      to: "subject.yaml")
    try dog.editor.setExcluded(true, "3.png")
    #expect(
      dog.text("subject.yaml")
        == "exclude: # not these\n\(indent)- 1.png   # blurry\n\(indent)# dark\n\(indent)- 2.png\n"
        + "\(indent)- \"3.png\"\n# end\n")
    try dog.editor.setExcluded(false, "2.png")
    try dog.editor.setExcluded(false, "3.png")
    #expect(
      dog.text("subject.yaml")
        == "exclude: # not these\n\(indent)- 1.png   # blurry\n\(indent)# dark\n# end\n")
    try dog.editor.setExcluded(false, "1.png")
    #expect(try dog.survey().dataset?.images.count == 3)
    try dog.editor.setExcluded(true, "1.png")
    #expect(try dog.survey().dataset?.images.count == 2)
  }

  @Test("a list on one line stays on one line")
  func flow() throws {
    try dog.write("exclude: [1.png]  # blurry\ntrigger: sks\n", to: "subject.yaml")
    try dog.editor.setExcluded(true, "2.png")
    #expect(
      dog.text("subject.yaml") == "exclude: [\"1.png\", \"2.png\"]  # blurry\ntrigger: sks\n")
    try dog.editor.setExcluded(false, "1.png")
    try dog.editor.setExcluded(false, "2.png")
    #expect(dog.text("subject.yaml") == "exclude: []  # blurry\ntrigger: sks\n")
  }

  @Test(
    "a change of a random file takes effect or is refused, and loses no comment", arguments: 0..<60)
  func random(seed: Int) throws {
    var state = UInt64(seed)
    func draw(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    let options: [[String]] = [
      [
        "trigger: sks", "trigger: 'a # b' # c1", "\"trigger\": sks", "trigger: # c1\n  sks",
        "trigger:",
      ],
      ["class_word: dog", "class_word: \"d#g\"  # c2", "class_word: >-\n  dog\n  cat"],
      [
        "exclude: [1.png]", "exclude: [ 1.png,\n  2.png ] # c3",
        "exclude:\n- 1.png\n# c3\n- \"2.png\"", "exclude: # c3",
      ],
      [
        "class_prompts: [a, b]", "class_prompts:\n  - a # c4\n  - b",
        "class_prompts: [a, # c4\n b]",
      ],
      ["repeats: 2", "repeats: 3 # c5"], ["# c6", "", "  # c6", "folders: [] # c6"],
    ]
    var lines = options.compactMap { draw(4) == 0 ? nil : $0[draw($0.count)] }
    for index in lines.indices { lines.swapAt(index, draw(lines.count)) }
    let lineEnd = ["\n", "\r\n"][draw(2)]
    let text = lines.joined(separator: "\n") + ["", "\n", "\n\n# end"][draw(3)]
    try dog.write(text.replacing("\n", with: lineEnd), to: "subject.yaml")
    let comments = text.matches(of: /# (c[0-9]|end)/).map { String($0.output.0) }.sorted()
    for _ in 0..<12 {
      let before = (try dog.editor.settings(), try Self.excluded(dog))
      var (settings, excluded) = before
      let value = ["x", "a: b", "#", nil][draw(4)]
      do {
        switch draw(4) {
        case 0:
          settings.trigger = value
          try dog.editor.setSettings(settings)
        case 1:
          (settings.caption, settings.repeats) = (value, draw(9) + 1)
          try dog.editor.setSettings(settings)
        case 2:
          settings.classPrompts = value.map { [$0, "y"] }
          try dog.editor.setSettings(settings)
        default:
          let name = "\(draw(3) + 1).png"
          let isExcluded = draw(2) == 0
          try dog.editor.setExcluded(isExcluded, name)
          if isExcluded { excluded.insert(name) } else { excluded.remove(name) }
        }
      } catch is SubjectEditError {
        (settings, excluded) = before
      }
      #expect(try dog.editor.settings() == settings)
      #expect(try Self.excluded(dog) == excluded)
      let found = (dog.text("subject.yaml") ?? "").matches(of: /# (c[0-9]|end)/)
      #expect(found.map { String($0.output.0) }.sorted() == comments, "\(text)")
    }
  }

  private static func excluded(_ dog: EditedDataset) throws -> Set<String> {
    Set(try dog.editor.images().filter(\.isExcluded).map(\.name))
  }
}
