import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Drawing
@testable import Training

@Suite("Training on a single-file model")
struct SingleFileTrainingTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  @Test("in bf16 the adapter has the same bytes as with the model folder")
  func sameAsFolder() throws {
    let config = TinyTraining.config {
      $0.steps = 2
      $0.precision = .bf16
    }
    let (_, expected) = try training.train(run: 1, config)
    training.model = try SingleFileModel.tiny(in: training.folder.url)
    let (_, events) = try training.train(run: 2, config)
    #expect(events.steps.map(\.loss) == expected.steps.map(\.loss))
    func bytes(_ run: Int) throws -> [String: [UInt8]] {
      let adapter = try SafetensorsFile(
        contentsOf: training.runFolder(run).checkpoint(step: 2).adapter)
      return Dictionary(
        try adapter.names.map { ($0, try adapter.tensor($0).bytes()) }, uniquingKeysWith: { $1 })
    }
    #expect(try bytes(1) == bytes(2))
  }

  // In float32 the weights are mapped from the files, and matrix products differ in their last bits
  // with the alignment of memory.
  @Test("in fp32 the losses are those with the model folder, within 1e-5")
  func nearlyAsFolder() throws {
    let config = TinyTraining.config { $0.steps = 3 }
    let (_, expected) = try training.train(run: 1, config)
    training.model = try SingleFileModel.tiny(in: training.folder.url)
    let (_, events) = try training.train(run: 2, config)
    #expect(events.steps.count == 3)
    for (one, other) in zip(events.steps, expected.steps) {
      #expect(abs(one.loss / other.loss - 1) < 1e-5)
    }
  }

  @Test("caches and resumes accept the model until the file's content changes")
  func identity() throws {
    let config = TinyTraining.config()
    let file = try SingleFileModel.tiny(in: training.folder.url)
    training.model = file
    let before = try training.setup(config).identity
    #expect(try training.setup(config).identity == before)
    var tensors = try SingleFileModel.tinyTensors()
    tensors[0].tensor = try tensors[0].tensor * 2
    try SafetensorsWriter.write(tensors, to: file)
    let differences = try training.setup(config).identity.differences(from: before)
    #expect(
      differences.contains { $0.description.hasPrefix("base model's unet: ") }, "\(differences)")
  }
}
