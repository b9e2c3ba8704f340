import Foundation
import Options
import TestSupport
import Testing

@testable import Training
@testable import Workspace

@Suite("Imported loss and noise")
struct ImportObjectiveTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func project(_ name: String, _ text: String) throws -> ImportedProject {
    let url = folder.url.appending(path: name)
    try Data(text.utf8).write(to: url)
    return try ImportedProject(contentsOf: url, subject: "dog")
  }

  private func objective(of project: ImportedProject) throws -> ObjectiveOptions {
    try config(of: project).objective
  }

  /// The configuration as `train --config` reads it.
  private func config(of project: ImportedProject) throws -> TrainingConfig {
    let url = folder.url.appending(path: "\(UUID().uuidString).yaml")
    try Data(project.yaml.utf8).write(to: url)
    return try TrainingConfig.load(OptionOverrides(), file: url, folder: folder.url)
  }

  private func notes(_ project: ImportedProject, _ fate: ImportNote.Fate) -> [String] {
    project.notes.filter { $0.fate == fate }.map { "\($0.setting): \($0.reason)" }
  }

  @Test("Loss, noise and timesteps of sd-scripts are read")
  func objective() throws {
    let project = try project(
      "loss.toml",
      """
      loss_type = "smooth_l1"
      huber_schedule = "exponential"
      huber_c = 0.2
      huber_scale = 1.5
      debiased_estimation_loss = true
      noise_offset = 0.05
      noise_offset_random_strength = true
      adaptive_noise_scale = 0.1
      multires_noise_iterations = 6
      multires_noise_discount = 0.4
      ip_noise_gamma = 0.1
      min_timestep = 200
      max_timestep = 800
      v_parameterization = true
      zero_terminal_snr = true
      """)
    let read = try objective(of: project)
    #expect(read.loss == .smoothL1 && read.huberSchedule == .exponential)
    #expect((read.huberC, read.huberScale) == (0.2, 1.5))
    #expect(read.debiasedEstimation && read.minSNRGamma == nil)
    #expect(read.noiseOffset == 0.05 && read.noiseOffsetRandomStrength)
    #expect((read.adaptiveNoiseScale, read.inputPerturbation) == (0.1, 0.1))
    #expect((read.multiresNoiseIterations, read.multiresNoiseDiscount) == (6, 0.4))
    #expect((read.minTimestep, read.maxTimestep) == (200, 800))
    #expect(read.prediction == .velocity && read.zeroTerminalSNR)
    #expect(notes(project, .approximated).contains { $0.hasPrefix("the noise of a batch: ") })

    let other = try self.project(
      "both.toml",
      "min_snr_gamma = 5\ndebiased_estimation_loss = true\nzero_terminal_snr = true\n"
        + "min_timestep = 300\nmax_timestep = 300")
    let kept = try objective(of: other)
    #expect(kept.minSNRGamma == 5 && !kept.debiasedEstimation && !kept.zeroTerminalSNR)
    #expect((kept.minTimestep, kept.maxTimestep) == (300, 301))
    let missing = notes(other, .noCounterpart)
    for name in ["debiased_estimation_loss = true: ", "zero_terminal_snr = true: "] {
      #expect(missing.contains { $0.hasPrefix(name) }, "\(name) in \(missing)")
    }
  }

  @Test("Defaults of sd-scripts that differ from ours are written")
  func defaults() throws {
    let project = try project("empty.toml", "output_name = \"dog\"")
    let config = try config(of: project)
    #expect(config.rank == 4 && config.alpha == 1 && config.optimization.learningRate == 2e-6)
    #expect(config.steps == 1600 && config.objective.minSNRGamma == nil && !config.buckets)
    #expect(project.yaml.contains("rank: 4  # the default of sd-scripts\n"))
  }

  @Test("diffusers' shift of the noise is read")
  func diffusers() throws {
    let project = try project(
      "train.sh", "accelerate launch train_dreambooth_lora_sdxl.py --noise_offset=0.07")
    #expect(try objective(of: project).noiseOffset == 0.07)
    #expect(notes(project, .noCounterpart) == [])
  }
}
