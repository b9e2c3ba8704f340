import Adapters
import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

extension CommandTests {
  /// Trainings that start from a LoRA file.
  @Suite struct InitialAdapterTests {
    private static let files = Repository.golden.appending(path: "adapters")

    private let workspace: Workspace
    private let layers: AdaptableLayers

    init() throws {
      workspace = try Workspace()
      layers = AdaptableLayers(try ModelDirectory(URL(filePath: Workspace.model)))
    }

    private func train(_ more: String...) throws -> Program.Outcome { try train(more) }

    private func train(_ more: [String]) throws -> Program.Outcome {
      try workspace.run(
        [
          "--subject", "cube", "--model", Workspace.model, "--resolution", "64", "--sample-every",
          "0", "--device", "cpu",
        ] + more)
    }

    /// A training from start.safetensors.
    private func trainFromStart(_ more: String...) throws -> Program.Outcome {
      try train(["--init-lora", "start.safetensors", "--learning-rate", "0.01"] + more)
    }

    /// A LoRA of layers with ranks 1 to 3 and alpha 0.5, which is not small.
    private func writeStart(_ format: AdapterFormat, to output: String) throws -> LayerAdapters {
      var adapters: LayerAdapters = [:]
      let some = layers.layers.filter { $0.part == .unet && $0.path.hasSuffix("to_q") }
      for (index, layer) in some.enumerated() {
        let rank = 1 + index % 3
        let generator = try Generator(seed: UInt64(index))
        adapters[layer] = LoRA(
          down: try generator.normal([rank, layer.shape[1]]),
          up: try generator.normal([layer.shape[0], rank]) * 0.1, scale: 0.5 / Double(rank))
      }
      try AdapterWriter(format).write(adapters, of: layers, to: workspace.file(output))
      return adapters
    }

    private func checkpoint(_ run: Int, step: Int) throws -> LayerAdapters {
      try AdapterFile(
        contentsOf: workspace.file("Checkpoints/cube/run-\(run)/step-00000\(step)")
      ).adapters(for: layers)
    }

    private func change(_ layer: AdaptableLayers.Layer, in adapters: LayerAdapters) throws -> Tensor
    {
      try #require(adapters[layer]).delta(of: .zeros(layer.shape))
    }

    @Test(
      "With a learning rate of 0 the adapter stays that of the file, in every form",
      arguments: [
        (AdapterFormat.kohya, "start.safetensors"), (.diffusers, "start.safetensors"),
        (.peft, "start"),
      ])
    func unchanged(format: AdapterFormat, output: String) throws {
      let start = try writeStart(format, to: output)
      let outcome = try train("--steps", "1", "--learning-rate", "0", "--init-lora", output)
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(
        outcome.messages.contains(
          "starts from \(output), which has \(start.count) layers of ranks 1 to 3; --rank, --alpha "
            + "and --targets are those of the file."), "\(outcome.messages)")
      let saved = try checkpoint(1, step: 1)
      #expect(Set(saved.keys) == Set(start.keys))
      for layer in start.keys {
        #expect(saved[layer]?.rank == start[layer]?.rank)
        #expect(try relativeDifference(change(layer, in: saved), change(layer, in: start)) < 1e-6)
      }
    }

    @Test("It trains every layer, and a run that is resumed ends with the same bytes")
    func resumed() throws {
      let start = try writeStart(.kohya, to: "start.safetensors")
      let before = try Data(contentsOf: workspace.file("start.safetensors"))
      #expect(try trainFromStart("--steps", "4").code == 0)
      let whole = try checkpoint(1, step: 4)
      for layer in start.keys {
        #expect(try relativeDifference(change(layer, in: whole), change(layer, in: start)) > 1e-3)
      }
      #expect(try trainFromStart("--steps", "4", "--new", "--checkpoint-every", "2").code == 0)
      try FileManager.default.removeItem(
        at: workspace.file("Checkpoints/cube/run-2/step-000004"))
      workspace.removeDatabase()
      let resumed = try trainFromStart("--steps", "4", "--checkpoint-every", "2")
      #expect(resumed.code == 0 && resumed.messages.contains("from step 2"), "\(resumed.messages)")
      func bytes(_ run: Int) throws -> Data {
        try Data(
          contentsOf: workspace.file(
            "Checkpoints/cube/run-\(run)/step-000004/adapter.safetensors"))
      }
      #expect(try bytes(2) == bytes(1))
      #expect(try Data(contentsOf: workspace.file("start.safetensors")) == before)
    }

    @Test("A resume with another file is refused")
    func changed() throws {
      _ = try writeStart(.kohya, to: "start.safetensors")
      #expect(try trainFromStart("--checkpoint-every", "2", "--steps", "4").code == 0)
      try FileManager.default.removeItem(at: workspace.file("Checkpoints/cube/run-1/step-000004"))
      workspace.removeDatabase()
      let whole = try SafetensorsFile(contentsOf: workspace.file("start.safetensors"))
      try SafetensorsWriter.write(
        whole.names.map { ($0, try whole.tensor($0) * 2) },
        to: workspace.file("start.safetensors"))
      let outcome = try trainFromStart("--checkpoint-every", "2", "--steps", "4")
      #expect(outcome.code == 65)
      #expect(outcome.lastMessage.contains("init_lora: content"), "\(outcome.messages)")
    }

    @Test(
      "A DoRA, LoHa and LoKr are trained further, and a resumed training gives the same file",
      arguments: ["dora-diffusers", "loha", "lokr-both", "lokr-whole"])
    func otherKinds(name: String) throws {
      let file = Repository.golden.appending(path: "kinds/\(name).safetensors")
      let start = try AdapterFile(contentsOf: file).adapters(for: layers)
      let options = [
        "--init-lora", file.path, "--learning-rate", "0.01", "--checkpoint-every", "1",
      ]
      #expect(try train(["--steps", "1"] + options).code == 0)
      let first = try checkpoint(1, step: 1)
      #expect(first.count == start.count)
      for (layer, adapter) in first {
        let before = try #require(start[layer])
        #expect(type(of: adapter) == type(of: before))
        #expect(
          try zip(adapter.tensors, before.tensors).contains {
            try $0.tensor.bytes() != $1.tensor.bytes()
          })
      }
      let more = try workspace.run(["resume", "1", "--steps", "2"])
      #expect(more.code == 0, "\(more.messages)")
      #expect(try train(["--steps", "2", "--new"] + options).code == 0)
      let (resumed, whole) = (try checkpoint(1, step: 2), try checkpoint(2, step: 2))
      for (layer, adapter) in whole {
        let other = try #require(resumed[layer])
        #expect(
          try other.tensors.map { try $0.tensor.bytes() }
            == adapter.tensors.map { try $0.tensor.bytes() })
      }
      let other = Repository.golden.appending(path: "kinds/ia3-input.safetensors").path
      let refused = try train("--steps", "1", "--new", "--init-lora", other)
      #expect(refused.code == 65)
      #expect(
        refused.lastMessage.contains(
          "has adapters of the kind IA3 in 7 layers, which are not trained; set --init-lora to a file of "
            + "LoRA, DoRA, LoHa or LoKr."))
    }

    @Test("Text encoders alone are trained further; a file of the UNet is then refused")
    func textEncoders() throws {
      let options = [
        "--train-text-encoders", "1", "--no-train-unet", "--learning-rate", "0.01", "--steps", "1",
      ]
      #expect(try train(options).code == 0)
      let file = "Checkpoints/cube/run-1/step-000001/adapter.safetensors"
      let start = try checkpoint(1, step: 1)
      #expect(!start.isEmpty && start.keys.allSatisfy { $0.part == .textEncoder })
      let outcome = try train(options + ["--new", "--init-lora", file])
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(
        outcome.messages.contains("which has \(start.count) layers of rank 16"),
        "\(outcome.messages)")
      let saved = try checkpoint(2, step: 1)
      #expect(Set(saved.keys) == Set(start.keys))
      let down = try start.keys.map { layer in
        try relativeDifference(
          #require(saved[layer] as? LoRA).down, #require(start[layer] as? LoRA).down)
      }
      // A step of 0.01 changes matrices of a deviation of 1 / 16, and does not replace them. Those of the last
      // block have no gradient, since its output is not used.
      #expect(down.allSatisfy { $0 < 0.5 } && down.contains { $0 > 0 }, "\(down)")
      let unet = try writeStart(.kohya, to: "start.safetensors")
      let refused = try train(options + ["--new", "--init-lora", "start.safetensors"])
      #expect(refused.code == 65)
      #expect(
        refused.lastMessage.hasSuffix(
          "start.safetensors has adapters for \(unet.count) layers of the UNet, which is not trained; train "
            + "it with --train-unet, or set --init-lora to another file."),
        "\(refused.messages)")
      let both = Self.files.appending(path: "kohya.safetensors").path
      let convert = ["lora", "convert", both, "--model", Workspace.model, "--output"]
      let parts = ["--part", "text_encoder", "--part", "text_encoder_2"]
      #expect(try workspace.run(convert + ["both.safetensors"] + parts).code == 0)
      let tooMuch = try train(options + ["--new", "--init-lora", "both.safetensors"])
      #expect(tooMuch.code == 65)
      // The advice works.
      #expect(
        tooMuch.lastMessage.hasSuffix(
          "or write a file with only text_encoder by lora-train lora convert."),
        "\(tooMuch.messages)")
      let own = Array(parts.prefix(2))
      #expect(try workspace.run(convert + ["own.safetensors"] + own).code == 0)
      let advised = try train(
        options + [
          "--new", "--init-lora", "own.safetensors", "--targets", "to_q", "--text-encoder-targets",
          "fc1",
        ])
      #expect(advised.code == 0, "\(advised.messages)")
      #expect(
        advised.messages.contains("--rank and --alpha are those of the file"),
        "\(advised.messages)")
      let notes = advised.messages.split(separator: "\n").filter { $0.contains("no effect") }
      #expect(notes.count == 2, "\(notes)")
      #expect(notes.contains { $0.contains("targets has no effect, since --train-unet is false") })
      #expect(
        notes.contains {
          $0.contains("--text-encoder-target has no effect, since that of the file of --init-lora")
        })
    }

    @Test("A missing file, text encoders and other models are refused in one sentence")
    func refused() throws {
      let missing = try train("--steps", "1", "--init-lora", "nothing.safetensors")
      #expect(missing.code == 66)
      #expect(
        missing.lastMessage
          == "lora-train: There is no nothing.safetensors; set --init-lora to a LoRA file, or omit it to "
          + "start with new adapters.")
      let file = Self.files.appending(path: "kohya.safetensors").path
      let encoders = try train("--steps", "1", "--init-lora", file)
      #expect(encoders.code == 65)
      #expect(
        encoders.lastMessage.contains("36 layers of text encoders that are not trained"))
      try SafetensorsWriter.write(
        [
          ("lora_unet_a.lora_down.weight", Tensor.zeros([2, 24])),
          ("lora_unet_a.lora_up.weight", Tensor.zeros([24, 2])),
        ], to: workspace.file("other.safetensors"))
      let other = try train("--steps", "1", "--init-lora", "other.safetensors")
      #expect(other.code == 65 && other.lastMessage.contains("does not fit this base model"))
      _ = try writeStart(.kohya, to: "start.safetensors")
      let whole = try SafetensorsFile(contentsOf: workspace.file("start.safetensors"))
      try SafetensorsWriter.write(
        whole.names.map { ($0, try whole.tensor($0) * ($0.hasSuffix(".alpha") ? 0 : 1)) },
        to: workspace.file("none.safetensors"))
      let none = try train("--steps", "1", "--init-lora", "none.safetensors")
      #expect(none.code == 65 && none.lastMessage.contains("none.safetensors has an alpha of 0"))
      #expect(!FileManager.default.fileExists(atPath: workspace.file("Checkpoints/cube").path))
    }
  }
}
