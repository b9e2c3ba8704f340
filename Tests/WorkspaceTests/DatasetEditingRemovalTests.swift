import Foundation
import Testing

@testable import Datasets

@Suite("Images that are removed")
struct DatasetEditingRemovalTests {
  private let dog: EditedDataset

  init() throws {
    dog = try EditedDataset()
    try dog.writeImages("1.png", "2.png", "3_sks dog/1.png", "masks/2.png")
    for file in ["1.txt", "1.json", "2.txt", "3_sks dog/1.txt"] { try dog.write("{}", to: file) }
    try dog.write(EditedDataset.grey(9), to: "1-mask.png")
  }

  @Test("an image moves to the trash with its captions and masks, and is deleted nowhere")
  func removed() throws {
    let contents = try dog.paths().map { dog.text($0) }
    #expect(
      try dog.editor.remove("1.png")
        == RemovedImage(files: ["1.png", "1.txt", "1.json", "1-mask.png"], folder: ".trash/1"))
    #expect(
      try dog.editor.remove("3_sks dog/1.png")
        == RemovedImage(files: ["3_sks dog/1.png", "3_sks dog/1.txt"], folder: ".trash/2"))
    #expect(
      try dog.editor.remove("2.png")
        == RemovedImage(files: ["2.png", "2.txt", "masks/2.png"], folder: ".trash/3"))
    #expect(
      try dog.paths() == [
        ".trash/1/1-mask.png", ".trash/1/1.json", ".trash/1/1.png", ".trash/1/1.txt",
        ".trash/2/3_sks dog/1.png", ".trash/2/3_sks dog/1.txt", ".trash/3/2.png", ".trash/3/2.txt",
        ".trash/3/masks/2.png",
      ])
    #expect(Set(try dog.paths().map { dog.text($0) }) == Set(contents))
    #expect(try dog.editor.images() == [])
  }

  @Test("the trash is passed over when the dataset is read")
  func passedOver() throws {
    try dog.editor.remove("1.png")
    let survey = try dog.survey()
    #expect(survey.files.contains { $0.path.hasPrefix(".trash") && $0.role != .system } == false)
    #expect(survey.dataset?.images.map(\.name) == ["2.png", "3_sks dog/1.png"])
    #expect(survey.dataset?.problems.flatMap(\.files).contains { $0.contains(".trash") } == false)
    #expect(dog.sentence { try dog.editor.remove(".trash/1/1.png") }.hasPrefix("dog has no image"))
  }

  @Test("files of another image stay with it")
  func shared() throws {
    try dog.writeImages("1.jpg")
    #expect(try dog.editor.remove("1.jpg").files == ["1.jpg"])
    #expect(try dog.image("1.png").mask != nil)
  }

  @Test(
    "an excluded, a damaged and an unreadable image are removed; the list of excluded ones follows")
  func unusable() throws {
    try dog.write("trigger: sks\nexclude:\n  - 1.png\n  - 2.png\n", to: "subject.yaml")
    try dog.editor.remove("1.png")
    #expect(dog.text("subject.yaml") == "trigger: sks\nexclude:\n  - 2.png\n")
    try dog.write("no image", to: "4.png")
    try dog.write(Data([0xe9]), to: "3_sks dog/1.txt")
    try dog.editor.remove("4.png")
    try dog.editor.remove("3_sks dog/1.png")
    #expect(try dog.editor.images().map(\.name) == ["2.png"])
  }

  @Test("a removal that fails leaves all files where they were")
  func failure() throws {
    try dog.write("a file", to: ".trash")
    let before = try dog.paths()
    #expect(dog.sentence { try dog.editor.remove("1.png") }.contains("cannot be written"))
    #expect(dog.sentence { try dog.editor.setMask(nil, of: "1.png") }.contains("cannot be written"))
    #expect(try dog.paths() == before)
    #expect(try dog.image("1.png").mask != nil)
  }

  @Test("if one of the files cannot be moved, those before it move back")
  func rollback() throws {
    let image = try dog.editor.image("1.png")
    let before = try dog.paths()
    #expect(throws: (any Error).self) {
      try dog.editor.moveToTrash(["1.png", "1.txt", "missing", "1.json"], of: image)
    }
    #expect(try dog.paths() == before)
  }
}
