import Foundation
import Testing
import Torch

@testable import Training

@Suite("Memory that runs out between two steps on the last rung")
struct OutOfMemoryTests {
  private let training: TinyTraining

  init() throws {
    training = try TinyTraining()
    try training.addValidationImage("a.png", caption: nil, seed: 11)
  }

  /// Samples and validates every three steps, on the last rung of the memory ladder.
  private static let config = TinyTraining.config {
    $0.frozenWeights = .offloaded
    $0.sampleEvery = 3
    $0.validateEvery = 3
  }

  /// Trains a run. When `fails` returns true for the last event but durations, the next work throws as
  /// libtorch does without memory.
  private func train(run: Int, fails: @escaping (TrainingEvent) -> Bool) throws -> [TrainingEvent] {
    var events: [TrainingEvent] = []
    let setup = try training.setup(Self.config)
    let folder = training.runFolder(run)
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    try data.cacheUse.write(to: folder)
    let live = try AdapterTraining(setup, data: data, from: nil)
    let report = { (event: TrainingEvent) in events.append(event) }
    let saver = CheckpointSaver(
      live, folder: folder, history: try HistoryFile.open(in: folder, from: nil).0,
      retention: nil, validation: [], report: report)
    let loop = TrainingLoop(
      config: setup.config, device: setup.device, training: live,
      samples: SampleGrid(setup, data: data, folder: folder), saver: saver,
      checkStop: {
        let last = events.last { if case .spent = $0 { false } else { true } }
        guard let last, fails(last) else { return }
        throw TorchError("CUDA out of memory", isOutOfMemory: true)
      }, wantsSave: { false }, report: report)
    #expect(try loop.run() == .finished)
    return events
  }

  private func adapter(_ run: Int) throws -> Data {
    try Data(contentsOf: training.runFolder(run).checkpoint(step: 6).adapter)
  }

  @Test("samples are skipped with a note, training is the same, and a resume draws the last grid")
  func samples() throws {
    let undisturbed = try train(run: 1) { _ in false }
    #expect(undisturbed.samples == [0, 3, 6] && undisturbed.notes.isEmpty)
    let events = try train(run: 2) {
      if case .sampling(let step, let picture, _) = $0 { step > 0 && picture == 1 } else { false }
    }
    #expect(events.samples == [0])
    #expect(
      events.notes
        == [3, 6].map {
          "Skipped the samples of step \($0), because there is not enough memory: "
            + "CUDA out of memory"
        })
    #expect(events.steps.map(\.step) == Array(1...6))
    #expect(try adapter(2) == adapter(1))
    let checkpoint = try training.runFolder(2).checkpoint(step: 6)
    let resumed = try training.train(run: 2, Self.config, from: checkpoint)
    #expect(resumed.outcome == .finished && resumed.events.samples == [6])
    for step in [6] {
      let grids = try [1, 2].map {
        try Data(contentsOf: training.runFolder($0).sampleGrid(step: step))
      }
      #expect(grids[0] == grids[1])
    }
  }

  @Test("a validation is skipped with a note, and training is the same")
  func validation() throws {
    _ = try train(run: 1) { _ in false }
    let events = try train(run: 2) {
      if case .step(let report) = $0 { report.step == 3 } else { false }
    }
    #expect(
      events.notes == [
        "Skipped the validation of step 3, because there is not enough memory: "
          + "CUDA out of memory"
      ])
    let validated = events.compactMap {
      if case .validation(let report) = $0 { report.step } else { nil }
    }
    #expect(validated == [0, 6] && events.samples == [0, 3, 6])
    #expect(try adapter(2) == adapter(1))
  }

  @Test("in a training step it ends the training")
  func step() throws {
    let error = #expect(throws: TorchError.self) {
      try train(run: 1) { if case .sample(let step, _) = $0 { step == 3 } else { false } }
    }
    #expect(error?.isOutOfMemory == true)
  }
}
