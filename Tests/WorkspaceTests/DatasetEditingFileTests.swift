import Foundation
import Images
import TestSupport
import Testing

@testable import Datasets

@Suite("Files that are added to a dataset")
struct DatasetEditingFileTests {
  private let dog: EditedDataset

  init() throws { dog = try EditedDataset() }

  private func add(_ data: Data, _ name: String) throws -> String {
    try dog.editor.add(data, named: name).name
  }

  @Test(
    "of a hostile name only a harmless last component remains",
    arguments: [
      ("../../etc/passwd", "passwd.png"), ("/abs/dog.png", "dog.png"),
      ("C:\\photos\\dog.png", "dog.png"),
      ("..", "file.png"), ("", "file.png"), (".png", "png.png"), (".hidden.png", "hidden.png"),
      ("do\0g\n\u{1b}.png", "dog.png"), ("\u{202E}gnp.png", "gnp.png"), ("CON.png", "file.png"),
      ("lpt1", "file.png"), ("Thumbs.db", "file.png"), ("  dog . .png", "dog.png"),
      ("a:b|c?.png", "abc.png"), ("subject.yaml", "subject.png"),
      ("metadata.jsonl", "metadata.png"),
      ("dog.txt", "dog.png"), ("dog.JPG", "dog.png"), ("dog.PNG", "dog.PNG"), ("v1.2", "v1.2.png"),
      ("犬 🐕.png", "犬 🐕.png"), ("dog.png/", "dog.png"), ("-rf.png", "-rf.png"),
      ("__MACOSX.png", "file.png"),
    ])
  func names(name: String, expected: String) throws {
    #expect(try add(EditedDataset.grey(), name) == expected)
    #expect(try dog.paths() == [expected])
    #expect(try dog.role(expected) == .image)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: dog.parent.path) == ["dog"])
  }

  @Test(
    "a long name is shortened to 100 bytes",
    arguments: [
      String(repeating: "x", count: 5000), String(repeating: "犬", count: 300),
      "a" + String(repeating: "\u{301}", count: 4000), String(repeating: "🐕.", count: 90),
    ])
  func long(name: String) throws {
    let first = try add(EditedDataset.grey(1), name)
    let second = try add(EditedDataset.grey(2), name)
    #expect(first.utf8.count <= 100 && second.utf8.count <= 100 && first != second)
    #expect(try dog.survey().dataset?.images.count == 2)
  }

  @Test("a name that is taken gets a number; the same bytes are not added again")
  func taken() throws {
    let (one, two) = (try EditedDataset.grey(1), try EditedDataset.grey(2))
    #expect(
      try dog.editor.add(one, named: "dog.png")
        == AddedFile(name: "dog.png", content: .image, isPresent: false))
    #expect(
      try dog.editor.add(one, named: "cat.png")
        == AddedFile(name: "dog.png", content: .image, isPresent: true))
    #expect(try add(two, "DOG.png") == "DOG-2.png")
    try dog.write(EditedDataset.grey(3), to: "3_sks dog/x.png")
    #expect(try add(EditedDataset.grey(3), "x.png") == "3_sks dog/x.png")
    #expect(try dog.paths() == ["3_sks dog/x.png", "DOG-2.png", "dog.png"])
    try FileManager.default.createDirectory(
      at: dog.url.appending(path: "folder.png"), withIntermediateDirectories: true)
    #expect(try add(EditedDataset.grey(4), "folder.png") == "folder-2.png")
  }

  @Test("an image never takes over the caption of another one, and takes one that waits for it")
  func captions() throws {
    let (one, two) = (try EditedDataset.grey(1), try EditedDataset.grey(2))
    #expect(try add(Data("one".utf8), "dog.txt") == "dog.txt")
    #expect(try add(one, "dog.bmp") == "dog.png")
    try dog.write(try EditedDataset.grey(9), to: "Beach.jpeg")
    #expect(try add(Data("sand".utf8), "beach.TXT") == "Beach.txt")
    #expect(try add(Data("sand".utf8), "Beach.jpeg.txt") == "Beach.txt")
    #expect(try dog.image("dog.png").caption == "one")
    #expect(try dog.image("Beach.jpeg").caption == "sand")
    let bitmap = Data("GIF89a\u{1}\0\u{1}\0\0\0\0,\0\0\0\0\u{1}\0\u{1}\0\0".utf8)
    #expect(throws: ImageError.self) { try add(bitmap, "dog.gif") }
    try FileManager.default.moveItem(
      at: dog.url.appending(path: "dog.png"), to: dog.url.appending(path: "dog.jfif"))
    #expect(try add(two, "dog.png") == "dog-2.png")
    #expect(try dog.image("dog-2.png").caption == "a photo of dog")
    #expect(try add(Data("another".utf8), "dog.txt") == "dog-2.txt")
    #expect(try dog.image("dog-2.png").caption == "another")
    #expect(
      try dog.editor.add(Data("one".utf8), named: "dog.txt")
        == AddedFile(name: "dog.txt", content: .caption, isPresent: true))
  }

  @Test("a mask is added under its name and read as one")
  func mask() throws {
    _ = try add(EditedDataset.grey(1), "dog.png")
    #expect(try add(EditedDataset.grey(200), "dog-mask.png") == "dog-mask.png")
    #expect(try dog.role("dog-mask.png") == .mask)
    // Masks of several images may be the same.
    _ = try add(EditedDataset.grey(2), "cat.png")
    #expect(try add(EditedDataset.grey(200), "cat-mask.png") == "cat-mask.png")
    #expect(
      try dog.editor.add(EditedDataset.grey(200), named: "cat-mask.png")
        == AddedFile(name: "cat-mask.png", content: .image, isPresent: true))
    #expect(try dog.image("cat.png").mask != nil)
  }

  private static let refusals: [(name: String, data: Data, expected: String)] = [
    ("a.png", Data("text".utf8), "its content is text; give images"),
    ("a.html", Data("<html>".utf8), "its content is text; give images"),
    ("a.pdf", Data("%PDF-1.7".utf8), "its content is a PDF document;"),
    ("a.psd", Data("8BPS".utf8), "its content is a Photoshop file;"),
    ("a.exe", Data([0x4D, 0x5A, 0x90, 0]), "its content is of an unknown kind;"),
    ("a.dng", Data("II*\0".utf8) + Data(count: 20), "a.dng"),
    ("a.png", Data(), "is empty (0 bytes)"),
    ("a.txt", Data(), "is empty (0 bytes)"),
    ("a.txt", Data([0x61, 0xe9, 0x62]), "is not UTF-8 text; save the caption as UTF-8."),
    ("a.txt", Data([0x61, 0, 0x62]), "is not UTF-8 text; save the caption as UTF-8."),
    ("a.txt", Data(repeating: 0x61, count: 65_537), "has 65537 bytes, over the limit of 65536;"),
    ("a.jpg", Data([0xFF, 0xD8, 0xFF, 0xE0, 0, 1]), "JPEG"),
  ]

  @Test(
    "what is neither an image nor a caption is refused with what was found", arguments: refusals)
  func refused(name: String, data: Data, expected: String) throws {
    let found = dog.sentence { _ = try add(data, name) }
    #expect(found.hasPrefix("\"\(name)\"") && found.contains(expected), "\(found)")
    #expect(try dog.paths() == [])
  }

  @Test("a damaged image is refused, and nothing is left on the disk")
  func damaged() throws {
    let image = try EditedDataset.grey(1, width: 64, height: 64)
    for count in [20, 40, image.count - 13] {
      #expect(throws: ImageError.self) { try add(image.prefix(count), "dog.png") }
    }
    if let photos = Repository.shared("photos/exif-orientation") {
      let photo = try Data(contentsOf: photos.appending(path: "Portrait_6.jpg"))
      #expect(throws: ImageError.self) { try add(photo.prefix(photo.count / 2), "dog.jpg") }
      #expect(try add(photo, "photo.png") == "photo.jpg")
      #expect(try dog.image("photo.jpg").size.height == 1800)
      try FileManager.default.removeItem(at: dog.url.appending(path: "photo.jpg"))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: dog.url.path) == [])
    try dog.block("dog.png")
    #expect(dog.sentence { _ = try add(image, "dog.png") }.contains("cannot be written"))
    #expect(dog.text("dog.png") == nil)
  }

  @Test("limits of bytes, pixels and files")
  func limits() throws {
    let image = try EditedDataset.grey(1)
    func sentence(_ limits: AddingLimits) -> String {
      dog.sentence { _ = try dog.editor.add(image, named: "dog.png", limits: limits) }
    }
    #expect(
      sentence(AddingLimits(image: ImageLimits(fileBytes: 10)))
        == "\"dog.png\" has \(image.count) bytes, over the limit of 10; make it smaller.")
    #expect(
      sentence(AddingLimits(image: ImageLimits(side: 7)))
        .hasPrefix("\"dog.png\" has 8 x 6 pixels, over the limit of 7 per side"))
    try dog.write("a", to: "1.txt")
    try dog.write("a", to: ".DS_Store")
    #expect(
      sentence(AddingLimits(fileCount: 1))
        == "dog has 1 files already, the most that are added to a dataset; remove some, or begin "
        + "another dataset.")
    #expect(sentence(AddingLimits(fileCount: 2)) == "no error")
    // The same bytes need no place.
    #expect(sentence(AddingLimits(fileCount: 2)) == "no error")
  }

  @Test("many files of one name that are added at the same time are all kept")
  func concurrent() async throws {
    let editor = dog.editor
    let images = try (0..<12).map { try EditedDataset.grey($0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for image in images {
        group.addTask { _ = try editor.add(image, named: "dog.png") }
      }
      try await group.waitForAll()
    }
    let found = try dog.survey().dataset?.images.map { try Data(contentsOf: $0.url) }
    #expect(Set(found ?? []) == Set(images))
  }

  // MARK: New datasets

  @Test("a new dataset is an empty folder that files are added to")
  func create() throws {
    for name in ["cat", "ms dhoni", "a.b-c_1", "২ বাঘ", String(repeating: "x", count: 100)] {
      let editor = try DatasetEditor.create(subject: name, in: dog.parent)
      #expect(editor.subject == name && editor.directory.lastPathComponent == name)
      #expect(try editor.images() == [])
      _ = try editor.add(EditedDataset.grey(), named: "1.png")
      #expect(
        try Dataset.load(directory: editor.directory, subject: name).images.map(\.name) == ["1.png"]
      )
    }
    try dog.write("", to: ".DS_Store")
    _ = try DatasetEditor.create(subject: "dog", in: dog.parent)
  }

  @Test(
    "a name that is no plain folder name is refused, and nothing is made",
    arguments: [
      ("", "is empty"), (" ", "is empty"), (".", "begins with a dot"), ("..", "begins with a dot"),
      (".hidden", "begins with a dot"), ("a/b", "has other characters"),
      ("../cat", "begins with a dot"),
      ("/cat", "has other characters"), ("a\\b", "has other characters"), ("a\0", "has other"),
      ("a\n", "has other"), ("cat ", "ends with a space"), ("cat.", "ends with a space or a dot"),
      (" cat", "begins with \" \""), ("-rf", "begins with \"-\""),
      ("CON", "is the name of a device"),
      ("nul.txt", "is the name of a device"), ("com1", "is the name of a device"),
      (String(repeating: "x", count: 101), "is too long"), ("a:b", "has other characters"),
      ("lost+found", "has other characters"), ("a\u{202E}b", "has other"),
    ])
  func createRefused(name: String, expected: String) throws {
    let found = dog.sentence { _ = try DatasetEditor.create(subject: name, in: dog.parent) }
    #expect(found.hasPrefix("The name \"") && found.contains("\" \(expected)"), "\(found)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: dog.parent.path) == ["dog"])
  }

  @Test("a folder with files and a file of the name are refused")
  func exists() throws {
    try dog.writeImages("1.png")
    try dog.write("file", to: "../cat")
    for name in ["dog", "cat"] {
      #expect(
        dog.sentence { _ = try DatasetEditor.create(subject: name, in: dog.parent) }
          == "\(name) exists and is not an empty folder; choose another name, or add files to that "
          + "dataset.")
    }
  }
}
