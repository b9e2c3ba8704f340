import Datasets
import Foundation
import Testing

@testable import Training

@Suite("Captions in the files of other programs")
struct ForeignCaptionTests {
  private let dog: DatasetFixture

  init() throws {
    dog = try DatasetFixture()
    try dog.writeImages("1.png")
  }

  @Test(
    "a file beside an image gives its caption where the meaning is plain",
    arguments: [
      ("1.caption", "a dog", "a dog"), ("1.CAP", "a dog\n", "a dog"),
      ("1.tags", "dog\n1boy, sitting", "dog, 1boy, sitting"),
      ("1.csv", "dog, sitting", "dog, sitting"),
      ("1.csv", "\"a dog, sitting\"\n", "a dog, sitting"),
      ("1.csv", "\"a \"\"d\"\"og\",red", "a \"d\"og, red"),
      ("metadata.csv", "file_name,text\r1.png,a dog\r", "a dog"),
      ("metadata.csv", "file_name, text\n1.png, \"a, dog\" \n  \n", "a, dog"),
      ("1.json", #"{"caption": "a dog", "tags": "sitting, red"}"#, "a dog, sitting, red"),
      ("1.json", #"{"tags": ["dog", "red"]}"#, "dog, red"),
      ("1.json", #"{"prompt": " a dog "}"#, "a dog"), ("1.json", #""a dog""#, "a dog"),
      ("1.json", #"{"Caption": "a dog", "caption_short": null}"#, "a dog"),
      ("1.png.txt", "a dog", "a dog"), ("metadata.csv", "file_name,text\n1.png,a dog\n", "a dog"),
      ("metadata.csv", "\"text\",\"file_name\"\r\n\"a \"\"d\"\",\r\nog\",1.png\r\n", "a \"d\", og"),
      ("metadata.jsonl", #"{"file_name": "1.png", "captions": "a dog"}"#, "a dog"),
      ("metadata.jsonl", #"{"file_name": "1.png", "description": ["a dog"]}"#, "a dog"),
      ("metadata.jsonl", #"{"image": "1.png", "tags": ["dog", "red"]}"#, "dog, red"),
      ("meta_cap.json", #"{"1.png": {"caption": "a dog"}}"#, "a dog"),
      (
        "meta_lat.json", #"{"/content/data/1.png": {"caption": "a dog", "tags": "red"}}"#,
        "a dog, red"
      ),
      ("meta_cap.json", #"{"C:\\data\\1.png": {"tags": "dog, red"}}"#, "dog, red"),
      ("meta_cap.json", #"{"1": {"caption": "a dog"}}"#, "a dog"),
      ("captions.json", #"{"1.png": "a dog"}"#, "a dog"),
      ("data.json", #"[{"file_name": "1.png", "text": "a dog"}]"#, "a dog"),
    ])
  func plain(file: String, content: String, caption: String) throws {
    try dog.write(content, to: file)
    #expect(try dog.captions() == ["1.png": [caption]])
    #expect(try dog.problems() == [])
  }

  @Test(
    "captions that are not read stop a training without others, and the error is right",
    arguments: [
      ("metadata.parquet", "PAR1"), ("1.csv", "tag,score\ndog,0.9\n"), ("captions.tsv", "a\tb"),
    ])
  func unread(file: String, content: String) throws {
    try dog.write(content, to: file)
    #expect(
      dog.sentence()
        == "dog has captions in files that are not read (\(file)) and no others; write them to .txt "
        + "files, or to metadata.csv with the columns file_name and text.")
    try dog.write("a dog", to: "1.txt")
    let problems = try dog.problems()
    #expect(problems.count == 1 && problems[0].hasPrefix("\(file): "), "\(problems)")
  }

  @Test("JSON without captions of these images is named")
  func otherJSON() throws {
    try dog.write("a dog", to: "1.txt")
    try dog.write(#"{"name": "x", "version": "1"}"#, to: "package.json")
    try dog.write("{", to: "broken.json")
    try dog.write(
      #"[{"name": "dog", "path": "/data/dog", "image": {}, "text": {}}]"#, to: "concepts.json")
    try dog.write(#"{"2.png": {"caption": "gone"}}"#, to: "meta_cap.json")
    #expect(
      try dog.problems() == [
        "meta_cap.json, package.json: no captions of images in this folder, not read; "
          + "captions are read from .txt files, metadata.jsonl and JSON with the key caption",
        "broken.json: not valid JSON, not read; correct it if it has captions",
        "concepts.json: a list of OneTrainer's concepts, not read; list their folders in "
          + "subject.yaml",
      ])
  }

  @Test("JSON of an image without a caption is named, whatever the case of its extension")
  func uncaptioned() throws {
    try dog.write(#"{"score": 7}"#, to: "1.JSON")
    #expect(
      try dog.problems().last
        == "1.JSON: no captions of images in this folder, not read; captions are read from .txt files, "
        + "metadata.jsonl and JSON with the key caption")
  }

  @Test("a JSON file beside an image that is broken is an error")
  func broken() throws {
    try dog.write("{", to: "1.json")
    #expect(
      dog.sentence()
        == "dog/1.json is not valid JSON; correct it, or remove it if it has no captions.")
    try dog.write(#"{"caption": 7}"#, to: "1.json")
    #expect(
      dog.sentence()
        == "dog/1.json has a \"caption\" that is neither a text nor a list of texts; correct it, or "
        + "remove it if it has no captions.")
  }

  @Test("a row of metadata.csv that does not fit is named by its line")
  func brokenTable() throws {
    try dog.write("file_name,text\n\"1.png\",\"a\ndog\"\n2.png\n", to: "metadata.csv")
    #expect(
      dog.sentence()
        == "dog/metadata.csv line 4 has 1 value for 2 columns; the first line must name the columns, "
        + "such as file_name,text, and each other line must have a value for each.")
  }

  @Test("one source is read, in a fixed order, and every other is named")
  func precedence() throws {
    let sources = [
      ("1.txt", "txt"), ("1.caption", "caption"), ("1.json", #"{"caption": "json"}"#),
      ("metadata.jsonl", #"{"file_name": "1.png", "text": "jsonl"}"#),
      ("metadata.csv", "file_name,text\n1.png,csv"),
      ("meta_cap.json", #"{"1": {"caption": "meta"}}"#),
    ]
    for (file, content) in sources { try dog.write(content, to: file) }
    for (index, expected) in ["txt", "caption", "json", "jsonl", "csv", "meta"].enumerated() {
      #expect(try dog.captions() == ["1.png": [expected]])
      let problems = try dog.problems().joined(separator: "\n")
      for (file, _) in sources.dropFirst(index + 1) {
        #expect(problems.contains(file), "\(file) beside \(expected): \(problems)")
      }
      try FileManager.default.removeItem(at: dog.url.appending(path: sources[index].0))
    }
    #expect(try dog.problems().count == 1)
  }

  @Test("keys that are not read are named")
  func keys() throws {
    try dog.write(
      #"{"file_name": "1.png", "text": "a dog", "prompt": "other", "label": 3}"#,
      to: "metadata.jsonl")
    #expect(try dog.problems() == ["metadata.jsonl: the keys label, prompt are not read"])
  }

  // MARK: Empty captions

  @Test("an empty caption file is a problem of its own, and an empty caption can be asked for")
  func empty() throws {
    try dog.writeImages("2.png", "3.png", "3_sks/4.png", "3_sks/5.png")
    try dog.write(" \n", to: "1.txt")
    try dog.write("a dog", to: "3.txt")
    try dog.write("", to: "3_sks/4.txt")
    #expect(
      try dog.problems() == [
        "2.png: no caption in a .txt file of the same name, \"a photo of dog\" is used",
        "1.png, 3_sks/4.png: the caption file is empty, the caption of the folder or the subject is "
          + "used; `empty_captions: true` trains these images with an empty caption",
      ])
    let images = try Dataset.load(directory: dog.url, subject: "dog", emptyCaptions: true).images
    #expect(images.map(\.captions) == [[""], [""], ["a dog"], [""], ["sks"]])
    var config = TrainingConfig()
    config.captionPrefix = "oil,"
    #expect(CaptionRecipe(config.datasetOptions).plain(images[0].captions) == "oil,")
  }

  @Test("text in another file replaces that of an empty one, which is named")
  func emptyAndOther() throws {
    try dog.write("", to: "1.txt")
    try dog.write("a dog", to: "1.caption")
    #expect(try dog.captions() == ["1.png": ["a dog"]])
    #expect(try dog.problems() == ["1.txt: empty; the image has its caption in another file"])
    let dataset = try Dataset.load(directory: dog.url, subject: "dog", emptyCaptions: true)
    #expect(dataset.images[0].captions == [""])
    #expect(
      dataset.problems.map(\.description) == [
        "1.caption: not read; the image has its caption in another file"
      ])
  }
}
