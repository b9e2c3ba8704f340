import Datasets
import Foundation
import Testing

@Suite("One change of many captions")
struct DatasetEditingChangeTests {
  private let dog: EditedDataset

  init() throws {
    dog = try EditedDataset()
    try dog.writeImages("1.png", "2.png", "3.png")
    try dog.write("trigger: sks\nclass_word: dog\n", to: "subject.yaml")
    try dog.write("a Dog, blurry, on a beach\nthe dog\nfocus: 0.5 0.25\n", to: "1.txt")
    try dog.write("sks dog.", to: "2.txt")
  }

  private func after(_ edit: CaptionEdit) throws -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: try dog.editor.changes(edit).map { ($0.image, $0.after) })
  }

  @Test("a preview has the images that change, with all their captions, and writes nothing")
  func preview() throws {
    let before = try dog.paths().map { dog.text($0) }
    #expect(
      try dog.editor.changes(.replace("dog", with: "cat")) == [
        CaptionChange(
          image: "1.png", before: "a Dog, blurry, on a beach\nthe dog",
          after: "a Dog, blurry, on a beach\nthe cat"),
        CaptionChange(image: "2.png", before: "sks dog.", after: "sks cat."),
        CaptionChange(image: "3.png", before: "a photo of sks dog", after: "a photo of sks cat"),
      ])
    #expect(try dog.paths().map { dog.text($0) } == before)
  }

  @Test("each kind of change")
  func kinds() throws {
    #expect(
      try after(.replace("DOG", with: "$0\\1", ignoringCase: true))["1.png"]
        == "a $0\\1, blurry, on a beach\nthe $0\\1")
    #expect(try after(.replace("DOG", with: "cat")) == [:])
    #expect(try after(.prefix("photo,"))["2.png"] == "photo, sks dog.")
    #expect(try after(.suffix(", sunset"))["2.png"] == "sks dog., sunset")
    #expect(try after(.suffix("at sunset"))["3.png"] == "a photo of sks dog at sunset")
    #expect(
      try after(.trigger) == ["1.png": "sks, a Dog, blurry, on a beach\nsks, the dog"])
    #expect(try after(.remove("blurry"))["1.png"] == "a Dog, on a beach\nthe dog")
    #expect(
      try after(.remove("a dog", ignoringCase: true))["1.png"] == "blurry, on a beach\nthe dog")
  }

  @Test(
    "a removed text leaves no comma or space of its own, and changes nothing else",
    arguments: [
      ("a, b, c", "b", "a, c"), ("a, b", "b", "a"), ("b, a", "b", "a"), ("a b c", "b", "a c"),
      ("a,b,c", "b", "a, c"), ("abc", "b", "ac"), ("very b, dog", "b", "very, dog"),
      ("1,000  dogs b", "b", "1,000  dogs"), ("b b a", "b", "a"), ("a (b) c", "(b)", "a c"),
    ])
  func removal(caption: String, text: String, expected: String) throws {
    try dog.write(caption, to: "1.txt")
    #expect(try dog.editor.changes(.remove(text), of: ["1.png"]).map(\.after) == [expected])
  }

  @Test("applied changes are read as the preview shows, and focus points stay")
  func applied() throws {
    for edit: CaptionEdit in [.prefix("x"), .suffix("y"), .trigger, .replace("dog", with: "cat")] {
      let changes = try dog.editor.changes(edit)
      try dog.editor.apply(changes)
      for change in changes {
        #expect(
          try dog.image(change.image).captions.joined(separator: "\n") == change.after, "\(edit)")
      }
      #expect(try dog.image("1.png").focus == FocusPoint(x: 0.5, y: 0.25))
    }
    #expect(try dog.report().imagesWithoutTrigger == [])
    #expect(try dog.editor.changes(.trigger) == [])
  }

  @Test("only given images change")
  func given() throws {
    try dog.editor.apply(dog.editor.changes(.prefix("x"), of: ["2.png"]))
    #expect(try dog.image("2.png").caption == "x sks dog.")
    #expect(dog.text("3.txt") == nil)
  }

  @Test("a preview that is out of date, or has no text, is refused before anything is written")
  func outdated() throws {
    let changes = try dog.editor.changes(.prefix("x"))
    try dog.write("another", to: "3.txt")
    #expect(
      dog.sentence { try dog.editor.apply(changes) }
        == "The caption of 3.png has changed since the preview; look at the preview again.")
    #expect(dog.text("2.txt") == "sks dog.")
    let blank = [
      CaptionChange(image: "2.png", before: "sks dog.", after: "new"),
      CaptionChange(image: "3.png", before: "another", after: "one\n\ntwo"),
    ]
    #expect(
      dog.sentence { try dog.editor.apply(blank) }
        == "The caption of 3.png would be empty; give a text.")
    #expect(dog.text("2.txt") == "sks dog.")
  }

  @Test("a caption that would be empty, and an edit without a text, are refused")
  func refused() throws {
    #expect(
      dog.sentence { _ = try dog.editor.changes(.remove("sks dog.")) }
        == "The caption of 2.png would be empty; give a text.")
    for edit: CaptionEdit in [.replace("", with: "x"), .prefix(" "), .suffix(""), .remove("")] {
      #expect(
        dog.sentence { _ = try dog.editor.changes(edit) }
          == "There is no text to look for or to add; give one.")
    }
    #expect(
      dog.sentence { _ = try dog.editor.changes(.replace("dog", with: "a\nb"), of: ["2.png"]) }
        == "The caption of 2.png would have several lines; write it on one line.")
  }

  @Test("an image that cannot be used is passed over among all, and named among given ones")
  func unusable() throws {
    try dog.write("no image", to: "4.png")
    #expect(try dog.editor.changes(.prefix("x")).map(\.image) == ["1.png", "2.png", "3.png"])
    #expect(
      dog.sentence { _ = try dog.editor.changes(.prefix("x"), of: ["4.png"]) }
        .hasPrefix("4.png cannot be used"))
  }

  @Test("many changes at the same time are all kept")
  func concurrent() async throws {
    let editor = dog.editor
    try await withThrowingTaskGroup(of: Void.self) { group in
      for name in ["1.png", "2.png", "3.png"] {
        group.addTask { try editor.setExcluded(true, name) }
        group.addTask { try editor.setCaption("a new caption", of: name) }
      }
      try await group.waitForAll()
    }
    #expect(try editor.images().filter(\.isExcluded).count == 3)
    #expect(try editor.images().allSatisfy { $0.image?.caption == "a new caption" })
  }
}
