import Foundation
import TestSupport
import Testing

@testable import Workspace

/// Numbers and texts in other programs' files that no training has.
@Suite struct ImportLimitsTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func project(_ name: String, _ text: String) throws -> ImportedProject {
    let url = folder.url.appending(path: name)
    try Data(text.utf8).write(to: url)
    return try ImportedProject(contentsOf: url)
  }

  @Test(
    "Numbers that are too large, infinite or none are refused by name",
    arguments: [
      ("lr_warmup_steps = inf", "a number"), ("lr_warmup_steps = nan", "a number"),
      ("lr_warmup_steps = 1e300", "a whole number"),
      ("max_train_steps = 9223372036854775807", "a whole number of at most 1000000000"),
      ("train_batch_size = -9223372036854775807", "a whole number of at most 1000000000"),
      ("validation_split = 1e300", "a share from 0 to 1"),
      ("learning_rate = inf", "a number"),
      (
        "resolution = \"9223372036854775807,2\"", "a number of pixels or two, such as \"1024,1024\""
      ),
    ])
  func numbers(_ line: String, _ expected: String) throws {
    let name = String(line.prefix { $0 != " " })
    let error = #expect(throws: ImportError.self) { try project("a.toml", line) }
    let text = "\(try #require(error))"
    #expect(
      text.contains("line 1: \(name) is ") && text.hasSuffix("must be \(expected)."), "\(text)")
  }

  @Test("A warm-up that is a share of epochs of absent images is reported, and not set")
  func warmUpShare() throws {
    let project = try project(
      "a.toml", "max_train_epochs = 10\nlr_scheduler = 'cosine'\nlr_warmup_steps = 0.1")
    #expect(project.yaml.contains("\nepochs: 10\n") && !project.yaml.contains("warmup_steps:"))
    let settings = project.notes.filter { $0.fate == .noCounterpart }.map(\.setting)
    #expect(settings.contains("lr_warmup_steps = 0.1"))
    #expect(!settings.contains { $0.hasPrefix("max_train_epochs") })
  }

  @Test("Sample prompts with dashes without a letter are read")
  func dashes() throws {
    let prompts = folder.url.appending(path: "p.txt")
    try Data("a dog --\nb --  --d 3\n".utf8).write(to: prompts)
    let project = try project("a.toml", "sample_prompts = '\(prompts.path)'")
    #expect(project.yaml.contains("sample_seeds: [3]"), "\(project.yaml)")
  }

  @Test("diffusers' products of counts and seeds do not overflow")
  func products() throws {
    let project = try project(
      "a.sh",
      """
      accelerate launch --num_processes=1000000000 train_dreambooth_lora_sdxl.py \
        --scale_lr --train_batch_size=1000000000 --gradient_accumulation_steps=1000000000 \
        --seed=9223372036854775807 --num_validation_images=4 --validation_prompt=dog
      """)
    #expect(project.yaml.contains("seed: 9223372036854775807\n"), "\(project.yaml)")
  }

  @Test("Images of every format that is read are counted")
  func formats() throws {
    for name in ["a.heic", "b.tif", "c.webp", "d.txt"] { _ = try folder.file(name) }
    #expect(ImportedFolder(path: folder.url.path).imageCount == 3)
  }
}
