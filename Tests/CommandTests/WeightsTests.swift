import Foundation
import NN
import Testing
import Torch

extension CommandTests {
  /// Base models with wrong weights are refused before a run starts.
  @Suite struct WeightsTests {
    private let workspace: Workspace
    private var weights: URL {
      workspace.file("model/unet/diffusion_pytorch_model.safetensors")
    }

    init() throws {
      workspace = try Workspace()
      try FileManager.default.copyItem(
        at: URL(filePath: Workspace.model), to: workspace.file("model"))
    }

    @Test("A missing tensor is named")
    func missing() throws {
      try rewrite { $0.filter { $0.name != "conv_in.bias" } }
      try expect("missing", "conv_in.bias")
    }

    @Test("An unexpected tensor is named")
    func unexpected() throws {
      try rewrite { $0 + [(name: "conv_inn.bias", tensor: try Tensor.ones([2]))] }
      try expect("unexpected", "conv_inn.bias")
    }

    @Test("A misshapen tensor is named, with both shapes")
    func misshapen() throws {
      try rewrite {
        try $0.map { ($0.name, $0.name == "conv_in.bias" ? try Tensor.ones([3]) : $0.tensor) }
      }
      try expect("of another shape", "conv_in.bias: [3] instead of [16]")
    }

    @Test("A truncated file")
    func truncated() throws {
      let data = try Data(contentsOf: weights)
      try data.prefix(data.count - 100).write(to: weights)
      try expect("diffusion_pytorch_model.safetensors", " ends at byte ")
      try data.prefix(4).write(to: weights)
      try expect("it has 4 bytes, fewer than the length of a header")
    }

    @Test("A header that claims to be longer than the file, or than any memory")
    func header() throws {
      let data = try Data(contentsOf: weights)
      try replaceHeaderLength(UInt64(data.count))
      try expect("its header claims \(data.count) bytes, but the file ends after \(data.count - 8)")
      try replaceHeaderLength(.max)
      try expect("its header claims \(UInt64.max) bytes, more than the format allows")
    }

    @Test("Tensors that overlap")
    func overlapping() throws {
      let header = Data(
        """
        {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},\
        "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}
        """.utf8)
      var file = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
      file += header + Data(count: 12)
      try file.write(to: weights)
      try expect("the bytes of b overlap those of another tensor")
    }

    @Test("A missing file, and a folder that is no model")
    func absent() throws {
      try FileManager.default.removeItem(at: weights)
      try expect(code: 66, "contains no diffusion_pytorch_model.safetensors")
      try FileManager.default.removeItem(at: workspace.file("model/model_index.json"))
      try expect(code: 66, "model_index.json does not exist")
      try FileManager.default.removeItem(at: workspace.file("model"))
      try expect(code: 66, "There is no base model model, neither as a folder nor in ")
    }

    /// Expects an error with all parts from a training and from doctor, and no run.
    private func expect(code: Int32 = 65, _ parts: String...) throws {
      let training = try workspace.run(Workspace.training(steps: 1, "--model", "model"))
      let doctor = try workspace.run("doctor", "--model", "model")
      #expect(training.code == code)
      #expect(doctor.code == code)
      for part in parts {
        #expect(training.lastMessage.contains(part), "\(training.lastMessage)")
        #expect(doctor.results.contains(part), "\(doctor.results)")
      }
      #expect(training.lastMessage.hasSuffix("."))
      #expect(!FileManager.default.fileExists(atPath: workspace.file("Checkpoints/cube").path))
    }

    private func rewrite(
      _ change: ([(name: String, tensor: Tensor)]) throws -> [(name: String, tensor: Tensor)]
    ) throws {
      let file = try SafetensorsFile(contentsOf: weights)
      // Clones, since the mapped file is about to be overwritten.
      let tensors = try file.names.map { (name: $0, tensor: try file.tensor($0).clone()) }
      try SafetensorsWriter.write(change(tensors), to: weights)
    }

    private func replaceHeaderLength(_ length: UInt64) throws {
      let file = try FileHandle(forUpdating: weights)
      try file.write(contentsOf: withUnsafeBytes(of: length.littleEndian) { Data($0) })
      try file.close()
    }
  }
}
