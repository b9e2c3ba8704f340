import Datasets
import Foundation
import Images
import TestSupport
import Testing

@testable import Training

@Suite("Dataset survey")
struct DatasetSurveyTests {
  private let dog: DatasetFixture

  init() throws { dog = try DatasetFixture() }

  // MARK: Masks

  @Test("a mask file belongs to its image, is never an image, and overrides transparency")
  func masks() throws {
    try dog.writeImages("1.png", "1-mask.png", "3-mask.png", "2_a/4.png", "2_a/4-masklabel.PNG")
    try dog.write(DatasetFixture.transparent, to: "2.png")
    try dog.write(DatasetFixture.transparent + [0], to: "5.png")
    try dog.writeImages("5-masklabel.png")
    let images = try dog.load().images
    #expect(images.map(\.name) == ["1.png", "2.png", "2_a/4.png", "5.png"])
    let masks = images.map { image in
      switch image.mask {
      case .file(let url): dog.short(url.path)
      case .alpha: "alpha"
      case nil: "none"
      }
    }
    #expect(
      masks == [
        "dog/1-mask.png", "alpha", "dog/2_a/4-masklabel.PNG", "dog/5-masklabel.png",
      ])
    try dog.writeImages("1-masklabel.png")
    #expect(
      try dog.problems().last == "1-masklabel.png: not read; the image has another mask")
  }

  @Test("a mask of another size or that is not an image is refused, and the error names it")
  func unfitMask() throws {
    try dog.writeImages("1.png", "2.png", "3.png", "3-mask.png")
    try dog.write(DatasetFixture.grey(width: 6, height: 8), to: "1-mask.png")
    try dog.write("text", to: "2-mask.png")
    let survey = try dog.survey()
    #expect(survey.unusable.map(\.name) == ["1-mask.png", "2-mask.png"])
    #expect(
      survey.unusable.first.map { dog.short($0.description) }
        == "dog/1-mask.png has 6 x 8 pixels, but its image dog/1.png has 8 x 6; save the mask in "
        + "the image's size, or in its shape.")
    #expect(survey.dataset?.images.map(\.name) == ["3.png"])
  }

  // MARK: Unusable files

  @Test("one bad file does not hide others; load throws its error, or one that lists several")
  func unusable() throws {
    try dog.writeImages("1.png")
    try dog.write("", to: "2.png")
    #expect(dog.sentence() == "dog/2.png is empty (0 bytes); copy it again or remove it.")
    try dog.write("text", to: "2_a/3.jpg")
    let survey = try dog.survey()
    #expect(survey.dataset?.images.map(\.name) == ["1.png"])
    #expect(survey.unusable.map(\.name) == ["2.png", "2_a/3.jpg"])
    #expect(
      dog.sentence() == """
        dog has 2 files that cannot be used:
          dog/2.png is empty (0 bytes); copy it again or remove it.
          dog/2_a/3.jpg is not an image that can be read: its content is text; convert it to PNG or \
        JPEG or remove it.
        """)
    try FileManager.default.removeItem(at: dog.url.appending(path: "1.png"))
    #expect(try dog.survey().dataset == nil)
  }

  // MARK: Commands

  @Test("commands fix names, formats and duplicates, but none overwrites a file")
  func commands() throws {
    try dog.write(DatasetFixture.grey(1), to: "1.jpg")
    try dog.write(DatasetFixture.grey(2), to: "2.JPG")
    try dog.write(DatasetFixture.grey(2), to: "2.png")
    try dog.write("8BPS", to: "it's 3.psd")
    try dog.write("tga", to: "2.tga")
    try dog.write("dog", to: "1.txt")
    try dog.write("dog", to: "2.txt")
    let problems = try dog.load().problems
    #expect(
      problems.map { "\($0.files): \($0.commands.map(dog.short))" } == [
        #"["1.jpg", "2.JPG"]: ["mv dog/1.jpg dog/1.png"]"#,
        #"["2.JPG", "2.png"]: []"#,
        #"["2.tga", "it\'s 3.psd"]: ["magick \'dog/it\'\\\'\'s 3.psd\' \'dog/it\'\\\'\'s 3.png\'"]"#,
        #"["2.JPG", "2.png"]: ["rm dog/2.png"]"#,
      ])
  }

  @Test("a link is a duplicate of its target, but no command removes the target")
  func linkedDuplicates() throws {
    try dog.writeImages("2.png")
    try dog.link("1.png", to: "2.png")
    try dog.write("dog", to: "1.txt")
    try dog.write("dog", to: "2.txt")
    let problem = try #require(try dog.load().problems.first)
    #expect(problem.files == ["1.png", "2.png"])
    #expect(problem.commands == [])
    try dog.write(Data(contentsOf: dog.url.appending(path: "2.png")), to: "2_x/3.png")
    #expect(try dog.commands() == ["rm dog/2_x/3.png"])
  }

  @Test("another colour profile is noted, with the command that converts the image")
  func colorProfiles() throws {
    let fixtures = Repository.root.appending(path: "Tests/ImagesTests/Fixtures")
    for name in ["profile-wide.png", "profile-wide.jpg"] {
      try dog.write(Data(contentsOf: fixtures.appending(path: name)), to: "2_dog/\(name)")
    }
    try dog.write(
      Data(contentsOf: fixtures.appending(path: "profile-srgb.jpg")), to: "2_dog/1.jpg")
    let problem = try #require(try dog.load().problems.first)
    #expect(
      problem.text == "the colour profile is Wide Gamut Test, but its colours are read as sRGB")
    #expect(problem.files == ["2_dog/profile-wide.jpg", "2_dog/profile-wide.png"])
    let png = "dog/2_dog/profile-wide.png"
    #expect(
      problem.commands.map(dog.short) == [
        "vips icc_transform \(png) \(png).srgb.png srgb --embedded && mv \(png).srgb.png \(png)"
      ])
  }

  @Test(
    "a profile that is converted is noted without a command, and belongs to the run's identity",
    .enabled(if: ImageDecoder.convertsColors))
  func convertedProfiles() throws {
    let formats = Repository.root.appending(path: "Tests/ImagesTests/Fixtures/formats")
    for name in ["p3.png", "p3-alpha.png", "adobe.jpg"] {
      try dog.write(Data(contentsOf: formats.appending(path: name)), to: "2_dog/\(name)")
    }
    // Without a caption, the name would be that of a mask.
    try dog.write("a dog", to: "2_dog/p3-alpha.txt")
    let dataset = try dog.load()
    let found = dataset.problems.filter { $0.text.hasPrefix("the colours") }
    #expect(
      found.map(\.text) == [
        "the colours are converted to sRGB from Adobe RGB (1998)",
        "the colours are converted to sRGB from Display P3",
      ])
    #expect(found.map(\.files) == [["2_dog/adobe.jpg"], ["2_dog/p3-alpha.png", "2_dog/p3.png"]])
    #expect(found.allSatisfy { $0.commands.isEmpty })

    let image = try #require(dataset.images.first { $0.name == "2_dog/p3.png" })
    let now = try RunIdentity.Image(image, masks: true)
    var before = now
    before.colors = nil
    #expect(now.colors == "Display P3")
    let difference = RunIdentity.Image.differences(of: [now], from: [before], kind: "image")
    #expect(
      difference.map(\.description) == [
        "colours of 2_dog/p3.png: read as sRGB -> converted to sRGB from Display P3"
      ])
  }

  @Test(
    "a file with several frames, pages or images is noted, since one of them is read",
    arguments: [
      ("animated.png", ImageFormat.png, "the first of 2 frames"),
      ("animated.gif", .gif, "the first of 2 frames"),
      ("animated.webp", .webp, "the first of 2 frames"),
      ("pages.tif", .tiff, "the first of 2 pages"),
      ("pair.heic", .heic, "the primary one of 2 images"),
    ].filter { $0.1.isReadable })
  func frames(name: String, format: ImageFormat, expected: String) throws {
    let formats = Repository.root.appending(path: "Tests/ImagesTests/Fixtures/formats")
    try dog.write(Data(contentsOf: formats.appending(path: name)), to: name)
    try dog.write("a dog", to: "\(name).txt")
    let problems = try dog.problems()
    #expect(problems.contains("\(name): only \(expected) is read"), "\(problems)")
  }

  // MARK: Enlargements

  @Test("an enlargement is noted with the bucket and the option that avoids it")
  func enlargements() throws {
    try dog.write(DatasetFixture.grey(width: 800, height: 600), to: "1.png")
    try dog.write(DatasetFixture.grey(width: 1000, height: 1000), to: "2.png")
    let dataset = try dog.load()
    let buckets = AspectBuckets(resolution: 1024, step: 64)
    #expect(
      dataset.enlargements(in: buckets, upscale: true).map(\.description) == [
        "1.png: 800x600 is enlarged 1.49 times to cover 1152x896, which blurs it; `upscale: false` "
          + "trains it smaller"
      ])
    #expect(dataset.enlargements(in: buckets, upscale: false) == [])
  }

  // MARK: Numbers

  @Test("no images are an error, and one image is enough")
  func few() throws {
    try dog.write("{}", to: "metadata.jsonl")
    #expect(dog.sentence().hasPrefix("dog contains no image"))
    #expect(throws: DatasetError.self) { try dog.survey() }
    try FileManager.default.removeItem(at: dog.url.appending(path: "metadata.jsonl"))
    try dog.writeImages("1.png")
    #expect(try dog.load().images.count == 1)
  }

  @Test("the lines of images beyond a limit are no problem")
  func limit() throws {
    try dog.writeImages("1.png", "2.png", "3.png")
    try dog.write(
      ["1", "2", "3", "4"].map { #"{"file_name": "\#($0).png", "text": "dog"}"# }
        .joined(separator: "\n"), to: "metadata.jsonl")
    let dataset = try Dataset.companion(directory: dog.url, caption: "a dog", limit: 2)
    #expect(dataset.images.map(\.name) == ["1.png", "2.png"])
    #expect(
      dataset.problems.map(\.description) == [
        "dog/3.png: not read; only 2 needed",
        "dog/metadata.jsonl line 4 (4.png): no image of that name, not read",
      ])
  }

  @Test("5,000 images with captions and duplicates are read in seconds")
  func many() throws {
    let image = try DatasetFixture.grey()
    var lines: [String] = []
    for number in 0..<5000 {
      let name = "\(number)"
      // All have the same size, so each is compared by its content. Two of a hundred are equal.
      let content = String((number % 100 == 1 ? number - 1 : number) + 10_000)
      try dog.write(image + Data(content.utf8), to: "\(name).png")
      lines.append("{\"file_name\": \"\(name).png\", \"text\": \"dog \(name)\"}")
    }
    try dog.write(lines.joined(separator: "\n"), to: "metadata.jsonl")
    let start = ContinuousClock.now
    let dataset = try dog.load()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    #expect(dataset.images.count == 5000)
    #expect(dataset.images.last?.caption == "dog 999")
    #expect(dataset.problems.count == 50)
    #expect(dataset.problems.first?.files == ["0.png", "1.png"])
    #expect(seconds < 15, "\(seconds) s")
  }
}
