import Datasets
import Foundation
import Images
import TestSupport
import Testing

@Suite("The role of every file of a dataset")
struct DatasetRolesTests {
  private let dog: DatasetFixture

  init() throws { dog = try DatasetFixture() }

  /// The roles of all files by their paths.
  private func roles() throws -> [String: FileRole] {
    let pairs = try dog.survey().files.map { ($0.path, $0.role) }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

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
      try roles()["4.dat"]
        == .unused("the content looks like a damaged image, not read; copy it again or remove it"))
  }

  @Test("a camera's raw image, which begins as a TIFF, is named and not read as its thumbnail")
  func raw() throws {
    try dog.writeImages("1.png")
    try copyFixture("formats/deflate.tif", to: "2.nef")
    try copyFixture("formats/jpeg.tif", to: "3.DNG")
    #expect(try dog.load().images.map(\.name) == ["1.png"])
    let reason = "an image of a format that is not read; convert it to PNG"
    #expect(try ["2.nef", "3.DNG"].map { try roles()[$0] } == [.unused(reason), .unused(reason)])
  }

  @Test("a folder that has images only one level deeper is named")
  func imagesInside() throws {
    try dog.writeImages("img/10_sks man/1.png")
    #expect(
      dog.sentence()
        == "dog contains no image, but its folder img does; give `dataset: dog/img`, or list it in "
        + "dog/subject.yaml under folders.")
  }

  // MARK: Masks

  @Test(
    "a mask under the names of other programs belongs to its image",
    arguments: [
      "1-mask.png", "1_mask.png", "1.mask.png", "1-masklabel.png", "1_masklabel.PNG",
      "1-mask.jfif", "1 mask.png", "mask_1.png", "1.png-mask.png", "masks/1.png", "mask/1_mask.png",
    ])
  func masks(name: String) throws {
    try dog.writeImages("1.png", name)
    try dog.write("a dog", to: "1.txt")
    let images = try dog.load().images
    #expect(images.map(\.name) == ["1.png"])
    #expect(images[0].mask == .file(dog.url.appending(path: name)))
    #expect(try roles()[name] == .mask)
    #expect(try dog.problems().filter { !$0.hasPrefix("\(name): the extension") } == [])
  }

  @Test(
    "a mask without its image is named and not trained on",
    arguments: [
      "2-mask.png", "2_mask.png", "2.mask.png", "masklabel.png", "mask.png", "2-masklabel.png",
      "masks/2.png",
    ])
  func orphans(name: String) throws {
    try dog.writeImages("1.png", name)
    try dog.write("unread", to: "2.psd")
    #expect(try dog.load().images.map(\.name) == ["1.png"])
    #expect(
      try dog.problems().contains(
        "\(name): a mask without its image, not read; an image of its own needs another name, or a "
          + "caption"))
  }

  @Test("an image with a caption and the name of a mask is one of its own, unless it has an image")
  func namedAsMask() throws {
    try dog.writeImages("carnival-mask.png", "iron_mask.png", "1.png", "1-mask.png", "mask_2.png")
    try dog.write("a mask", to: "carnival-mask.txt")
    try dog.write("a mask", to: "1-mask.txt")
    try dog.write(#"{"file_name": "iron_mask.png", "text": "a mask"}"#, to: "metadata.jsonl")
    #expect(
      try dog.load().images.map(\.name) == [
        "1.png", "carnival-mask.png", "iron_mask.png", "mask_2.png",
      ])
    #expect(
      try dog.problems().contains(
        "carnival-mask.png, iron_mask.png: trained as images, since they have captions and are no "
          + "image's mask, although their names are those of masks"))
    #expect(try roles()["1-mask.txt"] == .unused("no image of the same name, not read"))
  }

  @Test("a folder of masks that subject.yaml lists is one of images")
  func listedMasks() throws {
    try dog.writeImages("1.png", "masks/1.png")
    try dog.write("folders: [{path: masks}]", to: "subject.yaml")
    #expect(try dog.load().images.map(\.name) == ["1.png", "masks/1.png"])
  }

  @Test("OneTrainer's conditioning images are named")
  func conditioning() throws {
    try dog.writeImages("1.png", "1-condlabel.png")
    #expect(try dog.load().images.map(\.name) == ["1.png"])
    #expect(
      try roles()["1-condlabel.png"] == .unused("a conditioning image of OneTrainer, not read"))
  }

  // MARK: Names

  @Test("images of one name share their captions and masks, which is noted")
  func shared() throws {
    try dog.writeImages("1.png", "1.jfif", "1-mask.png")
    try dog.write("a dog", to: "1.txt")
    #expect(try dog.captions() == ["1.png": ["a dog"], "1.jfif": ["a dog"]])
    #expect(
      try dog.problems().contains(
        "1.jfif, 1.png: the same name, so they share 1.txt, 1-mask.png"))
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
      #expect(try roles()[name] == .system)
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
      try roles().filter { $0.key != "1.png" } == [
        "1.txt": .unused("no regular file, not read"),
        "2.png": .unused("no regular file, not read"),
        "c\u{fffd}": .unused("the name is not UTF-8, not read; rename it"),
      ])
  }

  // MARK: Every file

  @Test("in random folders every file is trained on, used or named", arguments: 0..<40)
  func property(seed: Int) throws {
    var random = CounterRandomSource(seed: UInt64(seed))
    let stems = ["1", "2", "IMG", "img", "1-mask", "2_mask", "mask", "metadata", "subject", "a.b"]
    let endings = [
      ".png", ".PNG", ".jfif", ".txt", ".TXT", ".caption", ".json", ".csv", ".jsonl", ".tags", "",
      ".psd", ".mp4", ".zip", ".npz", ".safetensors", ".parquet", ".yml", ".md", ".png.txt", " ",
      ".dat", ".png ",
    ]
    let folders = ["", "", "", "3_sks dog/", "masks/", "more/", "validation/", "3_x/in/", ".git/"]
    let contents: [Data] = [
      try DatasetFixture.grey(seed), DatasetFixture.transparent, Data("a dog".utf8), Data(),
      Data(#"{"caption": "a dog", "tags": "x"}"#.utf8),
      Data(#"{"1.png": {"caption": "a dog"}}"#.utf8), Data("file_name,text\n1.png,a".utf8),
      Data([0xFF, 0xD8, 0xFF, 0]),
    ]
    try dog.writeImages("sure.png")
    for _ in 0..<60 {
      let name = random.element(stems) + random.element(endings)
      let hidden = random.element(["", "", "", "", "."])
      let path = random.element(folders) + hidden + name
      do {
        try dog.write(random.element(contents), to: path)
      } catch CocoaError.fileWriteInvalidFileName {
        continue
      }
    }
    try dog.link("link", to: random.element(["nowhere", "sure.png", "."]))
    let survey = try dog.survey()
    let dataset = try #require(survey.dataset)
    let named = Set(
      dataset.problems.flatMap(\.files) + survey.unusable.map(\.name))
    let roles = Dictionary(uniqueKeysWithValues: survey.files.map { ($0.path, $0.role) })
    for path in try FileManager.default.subpathsOfDirectory(atPath: dog.url.path) {
      // The folder of validation images is another dataset.
      if path == "validation" || path.hasPrefix("validation/") { continue }
      var isFolder: ObjCBool = false
      let place = dog.url.appending(path: path).path
      if FileManager.default.fileExists(atPath: place, isDirectory: &isFolder), isFolder.boolValue {
        continue
      }
      let parts = path.split(separator: "/")
      let places = parts.indices.map { parts[...$0].joined(separator: "/") }
      let role = try #require(places.lazy.compactMap { roles[$0] }.first, "\(path) has no role")
      switch role {
      case .image: #expect(dataset.images.contains { $0.name == path }, "\(path)")
      case .unused, .unusable:
        #expect(places.contains { named.contains($0) }, "\(path) is \(role) and not named")
      default: break
      }
    }
  }
}

/// Random numbers from a seed (SplitMix64).
private struct CounterRandomSource {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func element<T>(_ list: [T]) -> T {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return list[Int((value ^ (value >> 31)) % UInt64(list.count))]
  }
}
