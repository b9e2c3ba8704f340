import Foundation
import Images
import Options
import TestSupport
import Testing
import Training

@testable import Datasets

@Suite("The role of every file of a dataset")
struct DatasetRolesTests {
  private let dog: DatasetFixture

  init() throws { dog = try DatasetFixture() }

  private func copyFixture(_ name: String, to path: String) throws {
    let fixtures = Repository.root.appending(path: "Tests/ImagesTests/Fixtures")
    try dog.write(Data(contentsOf: fixtures.appending(path: name)), to: path)
  }

  // MARK: Images

  @Test(
    "an image is read by its content, whatever its extension",
    arguments: ["1.jfif", "1.jpe", "1", "1.png ", "1.tga", "1.dat", "1.2024", "1.JPG", "1.md"])
  func content(name: String) throws {
    try dog.writeImages(name)
    try dog.write("a dog", to: "1.txt")
    try copyFixture("baseline-420.jpg", to: "2\(name)")
    let images = try dog.load().images
    #expect(images.map(\.name).sorted() == [name, "2\(name)"].sorted())
    #expect(images.first { $0.name == name }?.caption == "a dog")
  }

  @Test("the extension of another format is noted, a missing or unknown one is not")
  func misleading() throws {
    try dog.writeImages("1.tga", "2.jfif", "3.png ", "4", "5.dat")
    let problems = try dog.load().problems
    let misnamed = try #require(problems.first { $0.text.hasPrefix("the extension") })
    #expect(misnamed.files == ["1.tga", "2.jfif"])
    #expect(
      misnamed.commands.map(dog.short) == ["mv dog/1.tga dog/1.png", "mv dog/2.jfif dog/2.png"])
  }

  @Test("an image that is damaged stops the training under every extension that promises one")
  func damaged() throws {
    try dog.writeImages("1.png")
    try dog.write("text", to: "2.jfif")
    try dog.write("", to: "3.JPE")
    try dog.write(DatasetFixture.grey().prefix(20), to: "4.dat")
    #expect(try dog.survey().unusable.map(\.name) == ["2.jfif", "3.JPE"])
    #expect(
      try dog.roles()["4.dat"]
        == .unused("the content looks like a damaged image, not read; copy it again or remove it"))
  }

  @Test("a camera's raw image, which begins as a TIFF, is named and not read as its thumbnail")
  func raw() throws {
    try dog.writeImages("1.png")
    try copyFixture("formats/deflate.tif", to: "2.nef")
    try copyFixture("formats/jpeg.tif", to: "3.DNG")
    #expect(try dog.load().images.map(\.name) == ["1.png"])
    let reason = "an image of a format that is not read; convert it to PNG"
    #expect(
      try ["2.nef", "3.DNG"].map { try dog.roles()[$0] } == [.unused(reason), .unused(reason)])
  }

  @Test(
    "an image whose codec the build lacks is a fault of the dataset, a camera's raw image is not")
  func missingCodec() throws {
    for name in ["1.webp", "IMG.HEIC", "1.jpg", "1", "1.txt"] {
      #expect(ImageError.Problem.notBuiltIn(.webp).isFault(of: name), "\(name)")
    }
    #expect(!ImageError.Problem.notBuiltIn(.tiff).isFault(of: "1.NEF"))
    #expect(ImageError.Problem.notBuiltIn(.tiff).isFault(of: "1.tif"))
    let error = ImageError(file: "a.b/1.webp", problem: .notBuiltIn(.webp))
    #expect(
      UnusableFile(name: "1.webp", error: error).commands
        == ["magick a.b/1.webp a.b/1.png && rm a.b/1.webp"])
  }

  @Test("an image or a mask that is a link to nothing is an error with its target")
  func danglingLinks() throws {
    try dog.writeImages("1.png")
    for name in ["2.png", "1-mask.png"] {
      try dog.link(name, to: "gone/\(name)")
      #expect(
        dog.sentence()
          == "dog/\(name) is a link to gone/\(name), which does not exist; mount its disk, or correct "
          + "the link.")
      try FileManager.default.removeItem(at: dog.url.appending(path: name))
    }
  }

  @Test(
    "a WebP is an error in a build without libwebp", .enabled(if: !ImageFormat.webp.isReadable))
  func unreadWebP() throws {
    try dog.writeImages("1.png")
    try copyFixture("formats/lossy.webp", to: "2.jpg")
    #expect(
      dog.sentence().hasPrefix("dog/2.jpg is an image in WebP, which this build does not read"))
  }

  @Test("a folder that has images only one level deeper is named")
  func imagesInside() throws {
    try dog.writeImages("img/10_sks man/1.png")
    #expect(
      dog.sentence()
        == "dog contains no image, but its folder img does; give `dataset: dog/img`, or list it in "
        + "dog/subject.yaml under folders.")
  }

  @Test("the options that subject.yaml refuses as those of a training are such options")
  func trainingOptions() {
    for key in SubjectFile.trainingOptions {
      #expect(TrainingConfig.schema.option(key) != nil, "\(key)")
    }
  }

  // MARK: Names

  @Test("control characters in names are shown as escapes")
  func controlCharacters() throws {
    try dog.writeImages("1.png")
    try dog.write("a dog", to: "1.txt")
    try dog.write("8BPS", to: "a\nb\t\u{1B}[31m\r.psd")
    #expect(
      try dog.problems() == [
        #"a\nb\t\u{1b}[31m\r.psd: an image of a format that is not read; convert it to PNG"#
      ])
    try dog.write("", to: "c\u{7}.png")
    let file = try #require(try dog.survey().unusable.first)
    #expect(file.name == "c\u{7}.png")
    #expect(
      dog.short(file.description)
        == #"dog/c\u{7}.png is empty (0 bytes); copy it again or remove it."#)
  }

  @Test("images of one name share their captions and masks, which is noted")
  func shared() throws {
    try dog.writeImages("1.png", "1.jfif", "1-mask.png")
    try dog.write("a dog", to: "1.txt")
    #expect(try dog.captions() == ["1.png": ["a dog"], "1.jfif": ["a dog"]])
    #expect(
      try dog.problems().contains(
        "1.jfif, 1.png: the same name, so they share 1.txt, 1-mask.png"))
  }

  @Test("images of one name in two Unicode forms share a caption and a mask, which is noted once")
  func unicodeForms() throws {
    try dog.writeImages("caf\u{E9}.png", "cafe\u{301}.png", "caf\u{E9}-mask.png")
    try dog.write("a dog", to: "caf\u{E9}.txt")
    let images = try dog.load().images
    #expect(images.map(\.caption) == ["a dog", "a dog"])
    #expect(images.allSatisfy { $0.mask != nil })
    #expect(
      try dog.problems() == [
        "caf\u{E9}.png, caf\u{E9}.png: the same name, so they share caf\u{E9}.txt, "
          + "caf\u{E9}-mask.png"
      ])
  }

  @Test("a caption belongs to its image without regard to case, unless two images fit")
  func cases() throws {
    try dog.writeImages("IMG_1.PNG", "a.png", "A.png")
    try dog.write("one", to: "img_1.txt")
    try dog.write("two", to: "a.txt")
    try dog.write("three", to: "A.TXT")
    #expect(
      try dog.captions() == ["IMG_1.PNG": ["one"], "a.png": ["two"], "A.png": ["three"]])
  }

  @Test("files of systems are passed over, other hidden files are named")
  func hidden() throws {
    try dog.writeImages("1.png", ".hidden.png")
    for name in [".DS_Store", "Thumbs.db", "desktop.ini", "._1.png", ".gitattributes"] {
      try dog.write("x", to: name)
      #expect(try dog.roles()[name] == .system)
    }
    try dog.writeImages("__MACOSX/1.png")
    #expect(try dog.load().images.map(\.name) == ["1.png"])
    #expect(
      try dog.problems().dropFirst() == [
        ".hidden.png: hidden, not read; an image needs a name that does not start with a dot"
      ])
  }

  @Test("a pipe and a name that is not UTF-8 are named, and nothing waits for them")
  func special() throws {
    try dog.writeImages("1.png")
    #expect(mkfifo(dog.url.appending(path: "1.txt").path, 0o600) == 0)
    #expect(mkfifo(dog.url.appending(path: "2.png").path, 0o600) == 0)
    let bytes = Array(dog.url.path.utf8CString.dropLast()) + [47, 0x63, CChar(bitPattern: 0xE9), 0]
    let descriptor = creat(bytes, 0o600)
    #expect(descriptor >= 0)
    close(descriptor)
    #expect(
      try dog.roles().filter { $0.key != "1.png" } == [
        "1.txt": .unused("no regular file, not read"),
        "2.png": .unused("no regular file, not read"),
        "c\u{fffd}": .unused("the name is not UTF-8, not read; rename it"),
      ])
  }
}
