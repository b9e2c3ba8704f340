import Adapters
import Foundation
import Images
import NN
import StableDiffusion
import Testing
import Torch

extension CommandTests {
  /// Exports of a run with an alpha that is not the rank.
  @Suite struct ExportTests {
    private let workspace: Workspace

    init() throws {
      workspace = try Workspace()
      let outcome = try workspace.run(
        [
          "--subject", "cube", "--model", Workspace.model, "--resolution", "64", "--steps", "2",
          "--rank", "4", "--alpha", "1", "--learning-rate", "0.01", "--sample-steps", "2",
          "--device", "cpu",
        ])
      #expect(outcome.code == 0, "\(outcome.messages)")
    }

    private var adapter: String { "Checkpoints/cube/run-1/step-000002/adapter.safetensors" }

    private func pixels(_ lora: String) throws -> Data {
      let outcome = try workspace.run([
        "generate", "--model", Workspace.model, "--prompt", "cube", "--steps", "2", "--width", "64",
        "--height", "64", "--lora", lora, "--output", "picture.png", "--overwrite", "--device",
        "cpu",
      ])
      #expect(outcome.code == 0, "\(outcome.messages)")
      return try Data(contentsOf: workspace.file("picture.png"))
    }

    @Test(
      "Every form is read back, recorded, and draws the checkpoint's picture",
      arguments: [
        ("kohya", "out.safetensors"), ("diffusers", "out.safetensors"), ("peft", "out"),
      ])
    func forms(format: String, output: String) throws {
      let outcome = try workspace.run([
        "export", "latest", "--format", format, "--output", output, "--json",
      ])
      #expect(outcome.code == 0, "\(outcome.messages)")
      let record = try JSONSerialization.jsonObject(with: Data(outcome.results.utf8))
      let fields = try #require(record as? [String: Any])
      #expect(fields["format"] as? String == format && fields["step"] as? Int == 2)
      let difference = try #require(fields["difference"] as? Double)
      #expect(difference < 1e-6 && fields["change"] as? Double ?? 0 > 1e-3)
      let lines = try String(
        contentsOf: workspace.file("Checkpoints/cube/run-1/exports.jsonl"), encoding: .utf8)
      #expect(lines.split(separator: "\n").count == 1 && lines.contains("\"\(format)\""))
      let file = workspace.file(output)
      let layers = AdaptableLayers(try ModelDirectory(URL(filePath: Workspace.model)))
      let exported = try AdapterFile(contentsOf: file).adapters(for: layers)
      let trained = try AdapterFile(contentsOf: workspace.file(adapter)).adapters(for: layers)
      #expect(exported.count == trained.count && exported.count == 136)
      for (layer, adapter) in trained {
        let weight = try Tensor.zeros(layer.shape)
        let change = try adapter.delta(of: weight)
        let other = try #require(exported[layer]).delta(of: weight)
        #expect(try (change - other).abs().max().item() <= 1e-6 * change.abs().max().item())
      }
    }

    @Test("The header has the training, the run and a preview, and no path of this machine")
    func metadata() throws {
      let outcome = try workspace.run([
        "export", "latest", "--output", "out.safetensors", "--author", "Ann", "--license", "MIT",
        "--precision", "fp16",
      ])
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.results == "out.safetensors\n")
      let file = try SafetensorsFile(contentsOf: workspace.file("out.safetensors"))
      let metadata = file.metadata
      let own = try SafetensorsFile(contentsOf: workspace.file(adapter)).metadata
      for (key, value) in own where key != "sshs_model_hash" {
        #expect(metadata[key] == value, "\(key)")
      }
      #expect(metadata["ss_network_dim"] == "4" && metadata["ss_network_alpha"] == "1.0")
      #expect(metadata["ss_steps"] == "2" && metadata["ss_num_train_images"] == "3")
      #expect(metadata["modelspec.author"] == "Ann" && metadata["modelspec.license"] == "MIT")
      #expect(metadata["modelspec.trigger_phrase"] == "cube")
      #expect(metadata["modelspec.title"] == "cube-2")
      #expect(metadata["modelspec.thumbnail"]?.hasPrefix("data:image/png;base64,iVBOR") == true)
      #expect(metadata["lora_train.run"]?.contains("\"run\":1") == true)
      #expect(metadata["sshs_model_hash"] != own["sshs_model_hash"])
      for metadata in [metadata, own] {
        #expect(!metadata.values.contains { $0.contains(workspace.url.path) })
        #expect(!metadata.values.contains { $0.contains(Workspace.model) })
      }
    }

    @Test("The picture is the same with the file, with the export and without any metadata")
    func strengths() throws {
      _ = try workspace.run(["export", "1@2", "--output", "out.safetensors"])
      let file = try SafetensorsFile(contentsOf: workspace.file(adapter))
      try SafetensorsWriter.write(
        file.names.map { ($0, try file.tensor($0)) }, to: workspace.file("stripped.safetensors"))
      // The records in the pictures differ, so the pixels are compared.
      func drawn(_ lora: String) throws -> [UInt8] { try Self.pixels(of: pixels(lora)) }
      let expected = try drawn(adapter)
      #expect(try drawn("out.safetensors") == expected)
      #expect(try drawn("stripped.safetensors") == expected)
      #expect(try drawn("Checkpoints/cube/run-1/step-000002") == expected)
      #expect(try drawn("\(adapter):4") != expected)
    }

    private static func pixels(of png: Data) throws -> [UInt8] {
      try ImageDecoder.decode(png).pixels
    }

    @Test(
      "Wrong options and existing files are refused before anything is written",
      arguments: [
        (["--output", "out.pt"], 64, "but programs look for LoRA files that end in .safetensors"),
        (["--output", "out.safetensors", "--format", "peft"], 64, "PEFT's form is a folder"),
        (
          ["--output", "o.safetensors", "--format", "koya"], 64,
          "choose one of kohya, diffusers, peft"
        ),
        (
          ["--output", "o", "--format", "peft", "--block-names", "diffusers"], 64,
          "--block-names is for --format kohya, not peft"
        ),
        (["--output", "there.safetensors"], 73, "there.safetensors already exists"),
        (["--output", "nowhere/o.safetensors", "--model", "nothing"], 66, "nothing"),
      ])
    func refused(arguments: [String], code: Int32, message: String) throws {
      try workspace.write("mine", to: "there.safetensors")
      let before = try workspace.files(below: ".")
      let outcome = try workspace.run(["export", "latest"] + arguments)
      #expect(outcome.code == code && outcome.lastMessage.contains(message), "\(outcome.messages)")
      #expect(try workspace.files(below: ".") == before)
    }
  }
}
