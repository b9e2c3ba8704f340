import Datasets
import Foundation
import Testing

@Suite("Names of images that are edited")
struct DatasetEditingNameTests {
  private let dog: EditedDataset

  init() throws { dog = try EditedDataset() }

  @Test(
    "a name that is not one of the dataset's images reaches no file",
    arguments: [
      "", ".", "..", "../cat/1.png", "/etc/passwd", "1.txt", "subject.yaml", "link/1.png",
      "./1.png",
      "1.png/", "validation/../1.png", "2.png", "1.png\0", "\u{202E}gnp.1",
    ])
  func unknown(name: String) throws {
    try dog.writeImages("1.png", "../cat/1.png")
    try dog.write("a cat", to: "../cat/1.txt")
    try dog.write("trigger: sks", to: "subject.yaml")
    try FileManager.default.createSymbolicLink(
      at: dog.url.appending(path: "link"), withDestinationURL: dog.parent.appending(path: "cat"))
    let before = try FileManager.default.subpathsOfDirectory(atPath: dog.parent.path)
    let editor = dog.editor
    for change: () throws -> Void in [
      { try editor.setCaption("a dog", of: name) }, { try editor.setFocus(nil, of: name) },
      { try editor.setMask(nil, of: name) }, { try editor.setExcluded(true, name) },
      { try editor.remove(name) }, { _ = try editor.changes(.prefix("x"), of: [name]) },
      { try editor.apply([CaptionChange(image: name, before: "a", after: "b")]) },
    ] {
      #expect(dog.sentence(change).hasPrefix("dog has no image \""), "\(name)")
    }
    #expect(try FileManager.default.subpathsOfDirectory(atPath: dog.parent.path) == before)
    #expect(dog.text("../cat/1.txt") == "a cat")
  }

  @Test("a misspelt name is answered with the nearest one")
  func nearest() throws {
    try dog.writeImages("beach.png")
    #expect(
      dog.sentence { try dog.editor.setCaption("a dog", of: "baech.png") }
        == "dog has no image \"baech.png\"; did you mean \"beach.png\"?")
  }

  @Test(
    "an image outside the dataset folder is shown and not changed",
    arguments: ["../cat", "3_sks cat", "inside/../../cat"])
  func outside(folder: String) throws {
    try dog.writeImages("1.png", "../cat/2.png", "inside/3.png")
    try dog.write("a cat", to: "../cat/2.txt")
    if folder == "3_sks cat" {
      try FileManager.default.createSymbolicLink(
        at: dog.url.appending(path: folder), withDestinationURL: dog.parent.appending(path: "cat"))
    } else {
      try dog.write("folders: [{path: \(folder)}]", to: "subject.yaml")
    }
    let editor = dog.editor
    let name = "\(folder)/2.png"
    #expect(try editor.image(name).isInside == false)
    #expect(try editor.image("1.png").isInside)
    let mask = try EditedDataset.grey()
    for change: () throws -> Void in [
      { try editor.setCaption("a dog", of: name) }, { try editor.setMask(mask, of: name) },
      { try editor.setFocus(FocusPoint(x: 0, y: 0), of: name) }, { try editor.remove(name) },
    ] {
      #expect(dog.sentence(change).hasPrefix("\(name) is in a folder outside dog, where"))
    }
    #expect(try editor.changes(.prefix("sks")).map(\.image) == ["1.png"])
    #expect(
      try FileManager.default.contentsOfDirectory(
        atPath: dog.parent.appending(path: "cat").path
      ).sorted() == ["2.png", "2.txt"])
    try editor.setExcluded(true, name)
    #expect(try dog.survey().dataset?.images.map(\.name) == ["1.png"])
  }

  @Test("images in folders of the dataset are changed beside themselves")
  func folders() throws {
    try dog.writeImages("3_sks dog/1.png", "close/2.png")
    try dog.write("folders: [{path: ../dog/close}]", to: "subject.yaml")
    try dog.editor.setCaption("one", of: "3_sks dog/1.png")
    try dog.editor.setCaption("two", of: "../dog/close/2.png")
    #expect(dog.text("3_sks dog/1.txt") == "one\n")
    #expect(dog.text("close/2.txt") == "two\n")
  }

  @Test("a dataset that is given by a relative path is edited")
  func relative() throws {
    try dog.writeImages("1.png")
    let up = FileManager.default.currentDirectoryPath.split(separator: "/").map { _ in ".." }
    let path = up.joined(separator: "/") + dog.url.path
    let editor = DatasetEditor(directory: URL(filePath: path), subject: "dog")
    try editor.setCaption("a dog", of: "1.png")
    #expect(dog.text("1.txt") == "a dog\n")
  }

  @Test("all images are listed: used, excluded and broken ones; none in an empty folder")
  func images() throws {
    #expect(try dog.editor.images() == [])
    try dog.writeImages("1.png", "2.png", "4.png")
    try dog.write("no image", to: "3.png")
    try dog.write(Data([0xe9, 0x62]), to: "4.txt")
    try dog.editor.setExcluded(true, "2.png")
    let images = try dog.editor.images()
    #expect(images.map(\.name) == ["1.png", "2.png", "3.png", "4.png"])
    #expect(images.map(\.isExcluded) == [false, true, false, false])
    #expect(images.map { $0.image != nil } == [true, true, false, false])
    #expect(images[1].url.path == dog.url.appending(path: "2.png").path)
  }

  @Test("a folder that does not exist and a broken subject.yaml are the errors of reading")
  func broken() throws {
    let editor = DatasetEditor(directory: dog.parent.appending(path: "cat"), subject: "cat")
    #expect(dog.sentence { _ = try editor.images() }.hasPrefix("There is no dataset folder cat"))
    try dog.writeImages("1.png")
    try dog.write("triger: sks\n", to: "subject.yaml")
    let sentence =
      "dog/subject.yaml line 1: there is no option \"triger\"; did you mean \"trigger\"?"
    #expect(dog.sentence { try dog.editor.setCaption("a", of: "1.png") } == sentence)
    #expect(dog.sentence { try dog.editor.setExcluded(true, "1.png") } == sentence)
    #expect(dog.sentence { try dog.editor.setSettings(SubjectSettings()) } == sentence)
    #expect(try dog.paths() == ["1.png", "subject.yaml"])
  }
}
