import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Complete trainings")
struct TrainingRunTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  @Test("a training writes the documented files in its run folder and no others")
  func files() throws {
    let config = TinyTraining.config { config in
      config.checkpointEvery = 4
      config.sampleEvery = 4
      config.sampleSeeds = [7]
    }
    let (outcome, events) = try training.train(run: 3, config)
    #expect(outcome == .finished)
    #expect(events.checkpoints == [4, 6])
    #expect(events.samples == [0, 4, 6])
    let checkpoint = [
      "adapter.safetensors", "manifest.json", "optimizer.safetensors", "state.json",
    ]
    let expected =
      ["caches.json", "history.jsonl"]
      + ["step-000004", "step-000006"].flatMap { step in checkpoint.map { "\(step)/\($0)" } }
      + ["step-000000", "step-000004", "step-000006"].flatMap {
        ["samples/\($0).png", "samples/\($0)/prompt-1-seed-7.png"]
      }
    #expect(try training.files(below: training.runFolder(3).url) == expected.sorted())
    let beside = try FileManager.default.contentsOfDirectory(atPath: training.dataset.path).sorted()
    #expect(beside == ["0.png", "0.txt", "1.png", "1.txt", "2.png", "run-3"])
  }

  @Test("a training changes every adapter, has finite losses, and reports steps from 1")
  func steps() throws {
    let (_, events) = try training.train(run: 1)
    #expect(events.steps.map(\.step) == Array(1...6))
    #expect(events.steps.allSatisfy { $0.loss.isFinite && $0.loss > 0 && $0.gradNorm ?? 0 > 0 })
    #expect(events.steps.allSatisfy { $0.seconds > 0 && (0..<1000).contains($0.timestep) })
    let adapter = try SafetensorsFile(
      contentsOf: training.runFolder(1).checkpoint(step: 6).adapter)
    #expect(adapter.names.count == 68 * 3)
    for name in adapter.names where name.hasSuffix("lora_up.weight") {
      #expect(try adapter.tensor(name).abs().max().item() > 0, "\(name) is still zero")
    }
  }

  @Test("the base model's weights do not change")
  func frozenBase() throws {
    let setup = try training.setup()
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    let live = try AdapterTraining(setup, data: data, from: nil)
    for _ in 0..<2 { _ = try live.advance(checkStop: {}) }
    #expect(live.done == 2)
    let original = try setup.model.loadUNet()
    for (used, loaded) in zip(live.unet.parameters(), original.parameters()) {
      #expect(try used.parameter.tensor.bytes() == loaded.parameter.tensor.bytes(), "\(used.path)")
    }
  }

  @Test("a training stopped while it prepares keeps the latents computed so far")
  func stopWhilePreparing() throws {
    let (outcome, events) = try training.train(run: 1) { events, _ in events.count == 2 }
    #expect(outcome == .stopped(step: 0))
    #expect(events.count == 2)
    #expect(try training.computed().filter { $0 == "latents" }.count == 1)
    #expect(!FileManager.default.fileExists(atPath: training.runFolder(1).url.path))
  }

  @Test("a loss that is not finite ends the training with an error of step, file and timestep")
  func lossNotFinite() throws {
    let config = TinyTraining.config { config in
      config.optimization.learningRate = 1e30
      config.batchSize = 3
    }
    let message = sentence { try training.train(run: 1, config) }
    let pattern = try Regex(
      #"The loss of step 2 \((\d\.png at timestep \d+(, )?){3}\) is not finite; "#
        + #"lower the learning rate, or train in bf16 or fp32\."#)
    #expect(message.wholeMatch(of: pattern) != nil, "\(message)")
    #expect(training.runFolder(1).checkpoints.map(\.step) == [1])
  }

  @Test("a sample that cannot be written is reported, and the training continues")
  func failingSample() throws {
    let config = TinyTraining.config { $0.sampleEvery = 3 }
    try training.train(run: 1, TinyTraining.config())
    let run = training.runFolder(2)
    let obstacle = run.sampleFolder(step: 3)
    try FileManager.default.createDirectory(
      at: obstacle.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data().write(to: obstacle)
    let (outcome, events) = try training.train(run: 2, config)
    #expect(outcome == .finished)
    #expect(events.samples == [0, 6])
    let notes = events.compactMap { if case .note(let sentence) = $0 { sentence } else { nil } }
    #expect(notes.count == 1)
    #expect(
      notes[0].hasPrefix(
        "The samples of step 3 could not be written: \(obstacle.relativePath) cannot be written ("))
    let adapter = try Data(contentsOf: run.checkpoint(step: 6).adapter)
    #expect(try adapter == Data(contentsOf: training.runFolder(1).checkpoint(step: 6).adapter))
  }

  @Test("if saving fails too, the first error is thrown")
  func failingSave() throws {
    let config = TinyTraining.config { $0.optimization.learningRate = 1e30 }
    let run = training.runFolder(1)
    struct Full: Error {}
    let trainer = Trainer(try training.setup(config), folder: run)
    let message = sentence {
      _ = try trainer.train(
        from: nil, stopped: { false },
        report: { event in
          if case .saving = event { throw Full() }
        })
    }
    #expect(message.hasPrefix("The loss of step 2 ("), "\(message)")
    #expect(run.checkpoints.isEmpty)
  }

  @Test("an error of the observer ends the training without saving")
  func observerError() throws {
    struct Enough: Error {}
    let trainer = Trainer(try training.setup(), folder: training.runFolder(1))
    #expect(throws: Enough.self) {
      try trainer.train(
        from: nil, stopped: { false },
        report: { event in
          if case .step = event { throw Enough() }
        })
    }
    #expect(training.runFolder(1).checkpoints.isEmpty)
  }
}
