import Foundation
import NN
import Options
import TestSupport
import Testing
import Training

@testable import Workspace

@Suite("Optimizers of other programs")
struct ImportOptimizerTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  /// A file of sd-scripts or a command of diffusers, as configuration and notes.
  private func read(
    _ name: String, _ text: String
  ) throws -> (config: OptimizationOptions, notes: [String]) {
    let url = folder.url.appending(path: name)
    try Data(text.utf8).write(to: url)
    let project = try ImportedProject(contentsOf: url, subject: "dog")
    let yaml = folder.url.appending(path: "dog.yaml")
    try Data(project.yaml.utf8).write(to: yaml)
    let config = try TrainingConfig.load(OptionOverrides(), file: yaml, folder: folder.url)
    return (
      config.optimization,
      project.notes.filter { $0.fate != .notNeeded }.map { "\($0.setting): \($0.reason)" }
    )
  }

  private func kohya(_ text: String) throws -> (config: OptimizationOptions, notes: [String]) {
    try read("a.toml", text)
  }

  @Test(
    "Each optimizer of sd-scripts is the one here",
    arguments: [
      ("AdamW", OptimizerKind.adamW), ("AdamW8bit", .adamW8bit), ("PagedAdamW8bit", .adamW8bit),
      ("AdaFactor", .adafactor), ("Lion", .lion), ("Lion8bit", .lion), ("Prodigy", .prodigy),
      ("AdamWScheduleFree", .scheduleFreeAdamW), ("DAdaptAdam", .adamW),
    ])
  func names(name: String, kind: OptimizerKind) throws {
    let read = try kohya("optimizer_type = '\(name)'")
    #expect(read.config.optimizer == kind)
    #expect(
      read.notes.contains { $0.hasPrefix("optimizer_type = \(name)") }
        == ["PagedAdamW8bit", "Lion8bit", "DAdaptAdam"].contains(name), "\(read.notes)")
  }

  @Test("Arguments of Prodigy and Adafactor are taken over, and what has no counterpart is noted")
  func arguments() throws {
    let prodigy = try kohya(
      """
      optimizer_type = "Prodigy"
      learning_rate = 0.5
      optimizer_args = ["d_coef=2", "decouple=True", "betas=(0.9, 0.99)", "use_bias_correction=True",
        "safeguard_warmup=False", "d0=1e-5", "beta3=0.9"]
      """)
    #expect(prodigy.config.prodigyDCoef == 2 && prodigy.config.prodigyD0 == 1e-5)
    #expect(prodigy.config.beta2 == 0.99 && prodigy.config.prodigyBiasCorrection)
    #expect(!prodigy.config.prodigySafeguardWarmup && prodigy.config.learningRate == 1)
    #expect(
      prodigy.notes.filter { $0.hasPrefix("learning_rate") || $0.hasPrefix("optimizer") } == [
        "optimizer_args = beta3=0.9: prodigy has no such constant here",
        "learning_rate = 0.5: the optimizer finds the rate itself",
      ], "\(prodigy.notes)")
    let adafactor = try kohya(
      """
      optimizer_type = "AdaFactor"
      learning_rate = 1e-3
      optimizer_args = ["relative_step=False", "scale_parameter=False", "warmup_init=False"]
      """)
    #expect(!adafactor.config.adafactorRelativeStep && !adafactor.config.adafactorScaleParameter)
    #expect(adafactor.config.learningRate == 1e-3)
    // The defaults of transformers.
    let relative = try kohya("optimizer_type = 'AdaFactor'")
    #expect(relative.config.adafactorRelativeStep && relative.config.adafactorScaleParameter)
    #expect(relative.config.learningRate == 1)
  }

  @Test("Schedules with cycles and a power are taken over")
  func schedules() throws {
    let restarts = try kohya("lr_scheduler = 'cosine_with_restarts'\nlr_scheduler_num_cycles = 3")
    #expect(restarts.config.learningRateSchedule == .cosineWithRestarts)
    #expect(restarts.config.learningRateCycles == 3)
    let script =
      "accelerate launch train_dreambooth_lora_sdxl.py --lr_scheduler=polynomial --lr_power=2"
    let diffusers = try read("a.sh", script)
    #expect(diffusers.config.learningRateSchedule == .polynomial)
    #expect(diffusers.config.learningRatePower == 2)
  }

  @Test("Prodigy of diffusers' script has the script's defaults")
  func diffusersProdigy() throws {
    let command = "accelerate launch train_dreambooth_lora_sdxl.py --optimizer=prodigy"
    let plain = try read("a.sh", command)
    #expect(plain.config.optimizer == .prodigy && plain.config.learningRate == 1)
    #expect(plain.config.prodigyBiasCorrection && plain.config.prodigySafeguardWarmup)
  }
}
