import Datasets
import Files
import Foundation
import Testing

@Suite("Excluded images")
struct DatasetEditingExclusionTests {
  private static let image = FileRole.unused("excluded in subject.yaml, not used")
  private static let part = FileRole.unused("not read, since its image is excluded in subject.yaml")

  private let dog: EditedDataset

  init() throws {
    dog = try EditedDataset()
    try dog.writeImages("1.png", "2.png", "3_sks dog/3.png")
    try dog.write("one", to: "1.txt")
    try dog.write("two", to: "2.txt")
    try dog.write(EditedDataset.grey(200), to: "2-mask.png")
  }

  @Test("an excluded image, its caption and its mask are not used, and are named")
  func excluded() throws {
    try dog.write("exclude: [2.png, 3_sks dog/3.png]", to: "subject.yaml")
    let survey = try dog.survey()
    let dataset = try #require(survey.dataset)
    #expect(dataset.images.map(\.name) == ["1.png"])
    #expect(dataset.subject.excluded == ["2.png", "3_sks dog/3.png"])
    #expect(
      Dictionary(uniqueKeysWithValues: survey.files.map { ($0.path, $0.role) }) == [
        "1.png": .image, "1.txt": .caption, "2.png": Self.image, "2.txt": Self.part,
        "2-mask.png": Self.part, "3_sks dog/3.png": Self.image, "subject.yaml": .settings,
      ])
    #expect(
      dataset.problems.map(\.description) == [
        "2.png, 3_sks dog/3.png: excluded in subject.yaml, not used",
        "2-mask.png, 2.txt: not read, since its image is excluded in subject.yaml",
      ])
    let report = try dog.report()
    #expect(report.images.map(\.image.name) == ["1.png"])
    #expect(report.stepsPerEpoch == 1)
  }

  @Test(
    "the images that remain are those of a dataset without the files, so a resume compares equal")
  func identity() throws {
    try dog.editor.setExcluded(true, "2.png")
    let excluded = try dog.survey().dataset?.images
    for file in ["2.png", "2.txt", "2-mask.png", "subject.yaml"] {
      try FileManager.default.removeItem(at: dog.url.appending(path: file))
    }
    #expect(try dog.survey().dataset?.images == excluded)
  }

  @Test("no image that is excluded becomes a validation image")
  func validation() throws {
    for number in 10..<20 { try dog.writeImages("\(number).png") }
    let chosen = try #require(try dog.report().images.first(where: \.isValidation)?.image.name)
    try dog.editor.setExcluded(true, chosen)
    let images = try dog.report().images
    #expect(!images.contains { $0.image.name == chosen })
    #expect(images.count { $0.isValidation } == 1)
  }

  @Test("what cannot be used stops no training if its image is excluded")
  func broken() throws {
    try dog.write("no image", to: "4.png")
    try dog.write(Data([0x61, 0xe9]), to: "2.txt")
    #expect(throws: DatasetError.self) { try Dataset.load(directory: dog.url, subject: "dog") }
    try dog.editor.setExcluded(true, "4.png")
    try dog.editor.setExcluded(true, "2.png")
    #expect(
      try Dataset.load(directory: dog.url, subject: "dog").images.map(\.name)
        == ["1.png", "3_sks dog/3.png"])
  }

  @Test("a name that is no image is named; so is a caption that another image still uses")
  func names() throws {
    try dog.writeImages("2.jpg")
    try dog.write("exclude: [2.png, 2.txt, 9.png, ../1.png]", to: "subject.yaml")
    let survey = try dog.survey()
    #expect(
      survey.dataset?.problems.contains {
        $0.description
          == "../1.png, 2.txt, 9.png: no image of that name, but subject.yaml excludes it"
      } == true)
    #expect(try dog.role("2.txt") == .caption)
    #expect(try dog.role("2-mask.png") == .mask)
    #expect(try dog.image("2.jpg").caption == "two")
  }

  @Test("lines of metadata for an excluded image name an image that exists")
  func metadata() throws {
    let lines = ["1", "2"].map { #"{"file_name": "\#($0).png", "text": "from the table"}"# }
    try dog.write(lines.joined(separator: "\n"), to: "metadata.jsonl")
    for file in ["1.txt", "2.txt"] {
      try FileManager.default.removeItem(at: dog.url.appending(path: file))
    }
    try dog.editor.setExcluded(true, "2.png")
    #expect(try dog.image("1.png").caption == "from the table")
    #expect(
      try dog.survey().dataset?.problems.contains { $0.text.hasPrefix("no image of that name") }
        == false)
    try dog.editor.setExcluded(true, "1.png")
    #expect(
      try dog.role("metadata.jsonl")
        == .unused("not used; no image takes a caption or a focus point from it"))
  }

  @Test("excluding all images is an error with the reason, and images can be included again")
  func all() throws {
    let names = try dog.editor.images().map(\.name)
    for name in names { try dog.editor.setExcluded(true, name) }
    #expect(
      dog.sentence { _ = try dog.survey() }
        == "dog contains no image that is used, since exclude in its subject.yaml lists all of them "
        + "(1.png, 2.png, 3_sks dog/3.png); remove some from that list, or add other images.")
    #expect(try dog.editor.images().filter(\.isExcluded).map(\.name) == names)
    for name in names { try dog.editor.setExcluded(false, name) }
    #expect(try dog.survey().dataset?.images.map(\.name) == names)
    #expect(try dog.survey().dataset?.problems == [])
  }

  @Test("excluding twice is excluding once, and a name of no image can be included")
  func repeated() throws {
    try dog.editor.setExcluded(false, "1.png")
    #expect(dog.text("subject.yaml") == nil)
    try dog.editor.setExcluded(true, "1.png")
    let text = dog.text("subject.yaml")
    try dog.editor.setExcluded(true, "1.png")
    #expect(dog.text("subject.yaml") == text && text == "exclude:\n  - \"1.png\"\n")
    try FileManager.default.removeItem(at: dog.url.appending(path: "1.png"))
    try dog.editor.setExcluded(false, "1.png")
    #expect(try dog.survey().dataset?.subject.excluded == [])
  }

  @Test("an excluded image is edited like others")
  func edited() throws {
    try dog.editor.setExcluded(true, "2.png")
    try dog.editor.setCaption("new", of: "2.png")
    #expect(try dog.editor.image("2.png").image?.caption == "new")
    #expect(try dog.editor.image("2.png").isExcluded)
  }

  @Test("every file of a dataset with excluded images is used or named", arguments: 0..<32)
  func everyFile(seed: Int) throws {
    try dog.writeImages("4.jpg", "4.png", "iron-mask.png", "mask_1.png", "masks/4.png")
    for file in ["4.txt", "4.png.txt", "iron-mask.caption", "3_sks dog/3.txt"] {
      try dog.write("a dog", to: file)
    }
    try dog.write(#"{"file_name": "mask_1.png", "text": "a dog"}"#, to: "metadata.jsonl")
    let names = try dog.editor.images().map(\.name)
    for (place, name) in names.enumerated() where seed >> place & 1 == 1 {
      try dog.editor.setExcluded(true, name)
    }
    let survey = try dog.survey()
    let named = Set((survey.dataset?.problems ?? []).flatMap(\.files))
    let used: Set<String> = ["image", "caption", "mask", "metadata", "settings"]
    #expect(survey.files.map(\.path) == (try dog.paths()))
    for file in survey.files {
      #expect(used.contains(file.role.name) || named.contains(file.path), "\(file)")
    }
    let excluded = Set(names.enumerated().filter { seed >> $0.offset & 1 == 1 }.map(\.element))
    #expect(survey.dataset?.images.map(\.name) == names.filter { !excluded.contains($0) })
  }
}
