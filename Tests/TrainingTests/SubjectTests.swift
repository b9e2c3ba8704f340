import Datasets
import Files
import Foundation
import Images
import StableDiffusion
import TestSupport
import Testing
import Training

@Suite("Dataset folder")
struct SubjectTests {
  /// 64 x 48, black.
  private static let black = image(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAwAQAAAACJMEGyAAAADklEQVR42mNgGAVDCQAAAbAAAYw4X18AAAAASUVORK5"
      + "CYII=")
  /// 64 x 48, white.
  private static let white = image(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAwAQAAAACJMEGyAAAAEUlEQVR42mP4DwUMo4yhwAAA0I5+kMtw71QAAAAASUV"
      + "ORK5CYII=")

  private static func image(_ base64: String) -> Data { Data(base64Encoded: base64) ?? Data() }

  /// A set of photographs beside the repository, which need not exist.
  private static let photos = URL(fileURLWithPath: #filePath)
    .resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("../shared/photos/exif-orientation", isDirectory: true)
    .standardizedFileURL

  private static var hasPhotos: Bool {
    let exists = FileManager.default.fileExists(atPath: photos.path)
    if !exists { print("SKIPPED: no photographs at \(photos.path)") }
    return exists
  }

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func load(_ subject: String = "dog") throws -> Dataset {
    try Dataset.load(directory: folder.url.appendingPathComponent(subject), subject: subject)
  }

  /// The error's description, without the path of the temporary folder.
  private func sentence(loading subject: String = "dog") -> String {
    do {
      return "no error, but \(try load(subject).images.map(\.name))"
    } catch {
      return "\(error)".replacingOccurrences(of: folder.url.path + "/", with: "")
    }
  }

  // MARK: Reading

  @Test("images with every spelling of the extension are read in the order of their bytes")
  func images() throws {
    for name in ["b.PNG", "a10.png", "a2.png", "B.Png"] {
      try folder.write(Self.black, to: "dog/\(name)")
      try folder.write("a dog", to: "dog/\(name.dropLast(4)).txt")
    }
    for name in [".hidden.png", "LICENSE", "notes.md", "png", ".DS_Store"] {
      try folder.write("text", to: "dog/\(name)")
    }
    let dataset = try load()
    #expect(dataset.images.map(\.name) == ["B.Png", "a10.png", "a2.png", "b.PNG"])
    #expect(dataset.images.allSatisfy { ($0.size.width, $0.size.height) == (64, 48) })
    #expect(
      dataset.problems.map(\.description) == [
        "notes.md: a document, not read",
        ".hidden.png: hidden, not read; an image needs a name that does not start with a dot",
        "LICENSE, png: neither an image nor a caption nor a mask, not read",
        "B.Png, a10.png, a2.png, b.PNG: the same image, which will weigh more than others",
      ])
  }

  @Test(
    "a caption is the first line that is not blank, without white space or byte order mark",
    arguments: [
      ("a photo of a dog", "a photo of a dog"),
      ("  \r\n\t\r\n  a dog, sitting \r\n", "a dog, sitting"),
      ("\u{feff}a dog\n", "a dog"),
      ("\u{feff}\n a dog", "a dog"),
      ("a 犬 🐕 dog\u{2028}", "a 犬 🐕 dog"),
    ])
  func captions(text: String, expected: String) throws {
    try folder.write(Self.black, to: "dog/1.jpg.png")
    try folder.write(text, to: "dog/1.jpg.TXT")
    let dataset = try load()
    #expect(dataset.images.map(\.caption) == [expected])
    #expect(dataset.problems == [])
  }

  @Test("the default caption is made of the values in subject.yaml")
  func defaultCaption() throws {
    try folder.write(Self.black, to: "dog/1.png")
    #expect(try load().images[0].caption == "a photo of dog")
    try folder.write("class_word: poodle\n", to: "dog/subject.yaml")
    #expect(try load().images[0].caption == "a photo of dog poodle")
    try folder.write("class_word: poodle\ntrigger: sks\n", to: "dog/subject.yaml")
    #expect(try load().images[0].caption == "a photo of sks poodle")
    try folder.write("trigger: sks\ncaption: my sks, drawn\n", to: "dog/subject.yaml")
    let dataset = try load()
    #expect(dataset.images[0].caption == "my sks, drawn")
    #expect(
      dataset.subject == Subject(name: "dog", trigger: "sks", caption: "my sks, drawn"))
  }

  @Test(
    "photographs of every EXIF orientation have the size of the upright one",
    .enabled(if: hasPhotos))
  func orientation() throws {
    let dataset = try Dataset.load(directory: Self.photos, subject: "exif-orientation")
    #expect(dataset.images.count == 18)
    for image in dataset.images {
      let isLandscape = image.name.hasPrefix("Landscape")
      #expect((image.size.width, image.size.height) == (isLandscape ? (1800, 1200) : (1200, 1800)))
    }
  }

  // MARK: Notes before training

  @Test("images without a caption are noted with their default caption")
  func uncaptioned() throws {
    try folder.write(Self.black, to: "dog/1.png")
    try folder.write(Self.white, to: "dog/2.png")
    try folder.write(" \n", to: "dog/2.txt")
    let dataset = try load()
    #expect(
      dataset.problems.map(\.description) == [
        "1.png: no caption in a .txt file of the same name, \"a photo of dog\" is used",
        "2.png: the caption file is empty, the caption of the folder or the subject is used; "
          + "`empty_captions: true` trains these images with an empty caption",
      ])
  }

  @Test("every file that is not used is noted")
  func unusedFiles() throws {
    try folder.write(Self.black, to: "dog/1.png")
    try folder.write("a dog\nanother line\n", to: "dog/1.txt")
    try folder.write(Self.white, to: "dog/2.jpg")
    try folder.write("a dog", to: "dog/2.txt")
    try folder.write("a dog", to: "dog/3.txt")
    try folder.write("a dog", to: "dog/2.caption")
    try folder.write("8BPS", to: "dog/4.psd")
    try folder.write(Self.black, to: "dog/more/5.png")
    #expect(
      try load().problems.map(\.description) == [
        "2.jpg: the extension does not fit the format of the content",
        "3.txt: no image of the same name, not read",
        "2.caption: not read; the image has its caption in another file",
        "4.psd: an image of a format that is not read; convert it to PNG",
        "more: not read; a folder inside a dataset is read only if its name is like 3_sks dog "
          + "(repeats and caption) or subject.yaml lists it under folders",
      ])
  }

  @Test(
    "a trigger that is in no caption is noted",
    arguments: [
      ("a photo of MS Dhoni", "dhoni", true), ("a man, dhoni.", "dhoni", true),
      ("a photo of alia bhatt", "dhoni", false), ("a candle", "can", false),
      ("my backpack dog", "backpack_dog", true), ("my dog's backpack", "backpack_dog", false),
    ])
  func trigger(caption: String, trigger: String, isContained: Bool) throws {
    try folder.write(Self.black, to: "dog/1.png")
    try folder.write(caption, to: "dog/1.txt")
    try folder.write("trigger: \(trigger)", to: "dog/subject.yaml")
    let tokenizer = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
      .loadTokenizer()
    let problems = try load().problems(
      TrainingConfig().datasetOptions, buckets: AspectBuckets(square: 48), tokenizer)
    #expect(
      problems.map(\.description)
        == (isContained
          ? []
          : [
            "no caption contains \"\(trigger)\", so that word will not draw the subject; "
              + "use it in the captions, or set trigger in subject.yaml"
          ]))
  }

  @Test("files with the same bytes are noted, other files of the same size are not")
  func duplicates() throws {
    for (name, data) in [
      ("1", Self.black), ("2", Self.white), ("3", Self.black),
      ("4", Self.black + [0]), ("5", Self.black + [1]),
    ] {
      try folder.write(data, to: "dog/\(name).png")
      try folder.write("dog", to: "dog/\(name).txt")
    }
    #expect(try load().problems.map(\.files) == [["1.png", "3.png"]])
  }

  // MARK: Errors

  @Test("the error for a missing subject lists the others, names the nearest, and how to make one")
  func noSuchSubject() throws {
    let advice =
      "; to make one, put 5 to 30 images of the subject there, "
      + "each with its caption in a .txt file of the same name."
    #expect(sentence() == "There is no dataset folder dog" + advice)
    try folder.write(Self.black, to: "dog/1.png")
    try folder.write(Self.black, to: "can/1.png")
    try folder.write("text", to: "README.md")
    #expect(
      sentence(loading: "dgo")
        == "There is no dataset folder dgo (there are: can, dog); did you mean \"dog\"?" + advice)
  }

  @Test("a folder without images and a file instead of a folder are errors")
  func empty() throws {
    try folder.write("text", to: "dog/1.txt")
    #expect(
      sentence() == "dog contains no image; put 5 to 30 images of the subject there.")
    try folder.write("8BPS", to: "dog/1.psd")
    #expect(
      sentence()
        == "dog contains no image, only unsupported formats (1.psd); convert them.")
    try folder.write(Self.black, to: "can")
    #expect(sentence(loading: "can") == "can is a file; give the folder that contains the images.")
  }

  @Test(
    "the error for an image that cannot be decoded names the file and its content",
    arguments: [("text", "is not an image that can be read"), ("", "is empty")])
  func undecodable(content: String, expected: String) throws {
    try folder.write(Self.black, to: "dog/1.png")
    try folder.write(content, to: "dog/2.jpg")
    let found = sentence()
    #expect(found.hasPrefix("dog/2.jpg \(expected)"), "\(found)")
  }

  @Test("a link to itself is an error, a link to an image is read")
  func links() throws {
    let image = try folder.write(Self.black, to: "image.png")
    let link = try folder.write(Data(), to: "dog/1.png")
    try FileManager.default.removeItem(at: link)
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: image)
    #expect(try load().images.map(\.size.width) == [64])
    try FileManager.default.createSymbolicLink(
      at: link.deletingLastPathComponent().appendingPathComponent("2.png"),
      withDestinationURL: URL(fileURLWithPath: "2.png", relativeTo: link))
    #expect(sentence().hasPrefix("dog/2.png cannot be read ("))
  }

  @Test("the error for an unreadable caption names the file and the system's reason")
  func unreadableCaption() throws {
    try folder.write(Self.black, to: "dog/1.png")
    let text = try folder.write(Data(), to: "dog/1.txt")
    try FileManager.default.removeItem(at: text)
    try FileManager.default.createSymbolicLink(at: text, withDestinationURL: text)
    #expect(
      sentence() == "dog/1.txt cannot be read (Too many levels of symbolic links); check its "
        + "permissions and the disk.")
  }

  @Test("a caption in another encoding is an error")
  func notUTF8() throws {
    try folder.write(Self.black, to: "dog/1.png")
    try folder.write(Data([0x61, 0xe9, 0x62]), to: "dog/1.txt")
    #expect(sentence() == "dog/1.txt is not UTF-8 text; save the caption as UTF-8.")
  }

  @Test("a typo in subject.yaml is reported as in a configuration file")
  func subjectFile() throws {
    try folder.write(Self.black, to: "dog/1.png")
    try folder.write("trigger: sks\nclassword: dog\n", to: "dog/subject.yaml")
    #expect(
      sentence()
        == "dog/subject.yaml line 2: there is no option \"classword\"; "
        + "did you mean \"class_word\"?")
    try folder.write("trigger: [sks]\n", to: "dog/subject.yaml")
    #expect(
      sentence() == "dog/subject.yaml line 1: trigger is a list, but must be a single value.")
  }
}
