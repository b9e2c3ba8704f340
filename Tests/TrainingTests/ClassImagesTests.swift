import Foundation
import Images
import StableDiffusion
import TestSupport
import Testing

@testable import Datasets
@testable import Files
@testable import Training

@Suite("Class images in the configuration")
struct ClassImagesTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  /// A setup whose class images come from `subject.yaml` by default.
  private func setup(
    _ yaml: String = "", _ change: (inout TrainingConfig) -> Void = { _ in }
  ) throws -> TrainingSetup {
    try Data(yaml.utf8).write(to: training.dataset.appending(path: "subject.yaml"))
    return try training.setup(
      TinyTraining.config { config in
        config.priorImages = nil
        change(&config)
      })
  }

  private func classImages(
    _ yaml: String = "", _ change: (inout TrainingConfig) -> Void = { _ in }
  ) throws -> ClassImages? {
    try setup(yaml, change).classImages
  }

  private func sentence(
    _ yaml: String = "", _ change: (inout TrainingConfig) -> Void = { _ in }
  ) -> String {
    TestSupport.sentence { _ = try classImages(yaml, change) }
      .replacing(training.folder.url.path + "/", with: "")
  }

  @Test("there are none by default, and 0 in the configuration overrides subject.yaml")
  func none() throws {
    #expect(try classImages("class_word: dog") == nil)
    #expect(try classImages("class_word: dog\nprior_images: 3") { $0.priorImages = 0 } == nil)
    #expect(try setup().config.priorImages == 0)
  }

  @Test(
    "prompts come from the configuration, else from subject.yaml, else from its class word",
    arguments: [
      ("class_word: dog", [], ["a photo of a dog"]),
      ("class_word: Airedale", [], ["a photo of an Airedale"]),
      ("class_word: dog\nclass_prompts: [a dog, dogs]", [], ["a dog", "dogs"]),
      ("class_word: dog\nclass_prompts: [a dog, dogs]", ["a cat"], ["a cat"]),
      ("class_word: dog\nclass_prompts: []", [], ["a photo of a dog"]),
      ("", ["a cat"], ["a cat"]),
    ])
  func prompts(yaml: String, configured: [String], expected: [String]) throws {
    let found = try classImages(yaml) { config in
      config.priorImages = 2
      config.classPrompts = configured
    }
    #expect(found == .drawn(count: 2, prompts: expected))
  }

  @Test("subject.yaml may set the number; the resolved configuration has number and prompts")
  func settled() throws {
    let setup = try setup("class_word: dog\nprior_images: 3")
    #expect(setup.classImages == .drawn(count: 3, prompts: ["a photo of a dog"]))
    #expect(setup.config.priorImages == 3)
    #expect(setup.config.classPrompts == ["a photo of a dog"])
  }

  @Test("a folder's images have their captions or the class prompt; the first by name are used")
  func folder() throws {
    let folder = training.folder.url.appending(path: "dogs")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for number in 0..<3 {
      try training.writeImage("../dogs/\(number).png", width: 70, height: 64, seed: 5 + number)
    }
    try Data("two dogs".utf8).write(to: folder.appending(path: "1.txt"))
    func found(_ count: Int?) throws -> [String] {
      guard
        case .found(let dataset) = try classImages(
          "class_word: dog",
          { config in
            config.priorImages = count
            config.priorFolder = folder.path
          })
      else { return [] }
      return dataset.images.map { "\($0.name): \($0.caption)" }
    }
    #expect(try found(2) == ["0.png: a photo of a dog", "1.png: two dogs"])
    #expect(try found(nil).count == 3)
    #expect(try found(0) == [])
    #expect(
      try setup("class_word: dog") { config in
        config.priorImages = 0
        config.priorFolder = folder.path
      }.config.preservesPrior == false)
    let setup = try setup("class_word: dog") { $0.priorFolder = folder.path }
    #expect(setup.config.priorImages == 3)
    #expect(
      setup.problems.map(\.description).filter { $0.contains("dogs/") } == [
        "dogs/0.png, dogs/2.png: no caption in a .txt file of the same name, \"a photo of a dog\" "
          + "is used"
      ])
    #expect(
      sentence("class_word: dog") { config in
        config.priorImages = 4
        config.priorFolder = folder.path
      }
        == "dogs contains 3 images, but `prior_images` is 4; add images, or set `prior_images: 3`."
    )
    #expect(
      sentence { $0.priorFolder = folder.path }
        == "dogs/0.png has no caption; set `class_prompts`, or class_word in dog/subject.yaml.")
  }

  @Test("options without effect are reported, unless class images are switched off")
  func unused() throws {
    func notes(_ change: (inout TrainingConfig) -> Void) throws -> [String] {
      try setup("class_word: dog", change).problems.map(\.description).filter {
        $0.contains("not used")
      }
    }
    func everything(_ config: inout TrainingConfig) {
      config.classPrompts = ["a dog", "dogs"]
      config.priorWeight = 2
      config.priorBatchSize = 3
    }
    let unused = "class_prompts, prior_weight, prior_batch_size"
    let text = "not used without class images; set prior_images to use some"
    #expect(try notes { _ in } == ["prior_steps: \(text)"])
    #expect(
      try notes { config in
        everything(&config)
        config.priorSteps = TrainingConfig().priorSteps
      } == ["\(unused): \(text)"])
    #expect(
      try notes { config in
        everything(&config)
        config.priorImages = 0
      } == [])
    #expect(
      try notes { config in
        everything(&config)
        config.priorImages = 2
      } == [])
  }

  @Test("with a folder, images, prompts and options without effect are reported")
  func unusedWithFolder() throws {
    let folder = training.folder.url.appending(path: "dogs")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for number in 0..<3 {
      try training.writeImage("../dogs/\(number).png", width: 64, height: 64, seed: 5 + number)
    }
    try Data("two dogs".utf8).write(to: folder.appending(path: "0.txt"))
    try Data(contentsOf: training.dataset.appending(path: "1.png")).write(
      to: folder.appending(path: "1.png"))
    func notes(_ count: Int) throws -> [String] {
      try setup("class_word: dog") { config in
        config.priorImages = count
        config.priorFolder = folder.path
        config.classPrompts = ["a dog", "dogs"]
      }.problems.map(\.description).filter {
        !$0.contains("no caption") && !$0.contains("sample_steps") && !$0.contains("cut off")
      }
    }
    let reason = "not used, because class images are read from prior_folder"
    #expect(
      try notes(1) == [
        "dogs/1.png, dogs/2.png: not read; only 1 needed",
        "class_prompts, prior_steps: \(reason)",
      ])
    #expect(
      try notes(3) == [
        "dogs/1.png: the same image is trained on as the subject, but class images must show other "
          + "things",
        "prior_steps: \(reason)",
        "class_prompts: only \"a dog\" is used, for images without a caption",
      ])
  }

  @Test("a configuration that cannot be used is an error of one sentence")
  func errors() throws {
    #expect(
      sentence { $0.priorImages = 4 }
        == "The class images (prior_images) have no prompt; set `class_prompts`, or class_word in "
        + "dog/subject.yaml.")
    #expect(
      sentence { $0.priorFolder = training.folder.url.appending(path: "none").path }
        == "There is no folder none; set `prior_folder` to a folder with class images, or omit it to "
        + "draw them.")
    let empty = training.folder.url.appending(path: "empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    #expect(
      sentence { $0.priorFolder = empty.path }
        == "empty contains no image; add class images, or omit `prior_folder` to draw "
        + "them.")
    #expect(
      sentence("prior_images: -1")
        == "dog/subject.yaml line 1: prior_images is -1, but must be a whole number from 0 to 10000."
    )
    #expect(
      sentence("class_word: dog\nclass_prompts: [a dog, '']")
        == "dog/subject.yaml line 2: class_prompts is [\"a dog\", \"\"], but must be a list of "
        + "texts, none of them blank.")
    #expect(
      sentence("class_word: dog\nprior_image: 3")
        == "dog/subject.yaml line 2: there is no option \"prior_image\"; did you mean "
        + "\"prior_images\"?")
  }

  @Test("a class prompt that is too long for the encoders is reported")
  func truncation() throws {
    let words = Array(repeating: "dog", count: 80).joined(separator: " ")
    let setup = try training.setup(
      TinyTraining.config { config in
        config.priorImages = 2
        config.classPrompts = [words, "a dog"]
      })
    let texts = setup.problems.map(\.description).filter { $0.hasPrefix("the class prompt is") }
    #expect(texts.count == 1)
    #expect(texts[0].hasPrefix("the class prompt is longer than 75 tokens, \""))
  }

  @Test("a model with an unknown sampler cannot draw them, an error before training")
  func sampler() throws {
    try training.copyModel()
    let url = training.model.appending(path: "scheduler/scheduler_config.json")
    let text = try String(contentsOf: url, encoding: .utf8)
    try text.replacing("EulerDiscreteScheduler", with: "OtherScheduler").write(
      to: url, atomically: true, encoding: .utf8)
    #expect(sentence("class_word: dog\nprior_images: 1").contains("OtherScheduler"))
  }
}
