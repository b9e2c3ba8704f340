import Foundation
import Images
import NN
import TestSupport
import Testing
import Torch

extension CommandTests {
  /// `lora info`, `merge`, `resize`, `extract`, `bake` and `convert`.
  @Suite struct LoraTests {
    private static func adapter(_ name: String) -> String {
      Repository.golden.appending(path: "adapters/\(name).safetensors").path
    }

    private static let model = ["--model", Workspace.model]

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// The layers of a report.
    private struct Report: Decodable {
      struct Layer: Decodable {
        let layer: String
        let old_rank: Int
        let new_rank: Int
        let kept_norm: Double
      }

      let output: String
      let layers: [Layer]
      let omitted: [String]
    }

    private struct Info: Decodable {
      struct Part: Decodable {
        let part: String
        let layers: Int
        let blocks: [String: Int]
        let delta_norm: Double
      }

      let format: String
      let family: String?
      let kinds: [String: Int]
      let types: [String: Int]
      let parts: [Part]
      let metadata: [String: String]
    }

    @Test("info describes a file in words and as JSON, without a model")
    func info() throws {
      let text = try success("lora", "info", Self.adapter("kohya")).results
      for part in [
        "kohya, with SDXL's original block names", "LoRA", "float16", "input_blocks.4",
        "middle_block", "Rank        2\n", "Alpha       1 to 1.5\n",
        "text_encoder 18, text_encoder_2 18, unet 53",
      ] {
        #expect(text.contains(part), "\(part)")
      }
      let json = try success("lora", "info", Self.adapter("kohya"), "--json").results
      let info = try JSONDecoder().decode(Info.self, from: Data(json.utf8))
      #expect(info.kinds == ["LoRA": 89] && info.types == ["float16": 267])
      #expect(info.parts.map(\.layers) == [18, 18, 53])
      #expect(info.parts.allSatisfy { $0.delta_norm > 0 })
      #expect(info.parts.allSatisfy { $0.blocks.values.reduce(0, +) == $0.layers })
      #expect(info.family == "SDXL" || info.family == nil)
    }

    @Test("A merged file draws what its files draw together, and a resized one nearly the same")
    func merge() throws {
      let (one, two) = (Self.adapter("kohya"), Self.adapter("diffusers-processors"))
      try draw("both.png", Self.model + ["--lora", "\(one):0.8", "--lora", "\(two):-0.3"])
      try success(
        ["lora", "merge", "\(one):0.8", "\(two):-0.3", "--output", "sum.safetensors"] + Self.model)
      try draw("sum.png", Self.model + ["--lora", "sum.safetensors"])
      #expect(try difference("both.png", "sum.png") <= 1)

      let outcome = try success(
        ["lora", "merge", "\(one):0.8", "\(two):-0.3", "--rank", "2", "--json", "--verbose"]
          + ["--output", "cut.safetensors", "--format", "diffusers"] + Self.model)
      let report = try JSONDecoder().decode(Report.self, from: Data(outcome.results.utf8))
      #expect(report.output == "cut.safetensors" && report.omitted.isEmpty)
      #expect(Set(report.layers.map(\.old_rank)) == [2, 4])
      #expect(report.layers.allSatisfy { $0.new_rank == 2 && $0.kept_norm > 0.5 })
      #expect(outcome.messages.contains("89 layers, rank 2, "), "\(outcome.messages)")
      #expect(outcome.messages.contains("unet.mid_block.attentions.0.proj_in"))
      try draw("cut.png", Self.model + ["--lora", "cut.safetensors"])
      try draw("base.png", Self.model)
      #expect(try difference("cut.png", "base.png") > 10)
      #expect(try metadata("sum.safetensors")["modelspec.merged_from"]?.contains(":0.8") == true)
    }

    @Test("resize lowers the rank and keeps the metadata; a rank that is missing is an error")
    func resize() throws {
      let outcome = try success(
        ["lora", "resize", Self.adapter("kohya"), "--rank", "1", "--output", "one.safetensors"]
          + Self.model)
      #expect(outcome.results == "one.safetensors\n")
      let file = try SafetensorsFile(contentsOf: workspace.file("one.safetensors"))
      let downs = file.names.filter { $0.hasSuffix("lora_down.weight") }
      #expect(downs.count == 89)
      for name in downs {
        #expect(file.shape(of: name)?[0] == 1)
        #expect(file.dtype(of: name) == .float16)
      }
      #expect(file.metadata["ss_network_dim"] == "1")
      let none = try run(
        "lora", "resize", Self.adapter("kohya"), "--output", "none.safetensors")
      #expect(none.code == 64)
      #expect(none.lastMessage.contains("There is no new rank; give --rank"))
      let share = try run(
        "lora", "resize", Self.adapter("kohya"), "--sv-fro", "1.5", "--output", "a.safetensors")
      #expect(
        share.code == 64 && share.lastMessage.contains("--sv-fro is 1.5, but must be above 0"))
    }

    @Test("A converted file draws the same picture in every form and precision")
    func convert() throws {
      try draw("kohya.png", Self.model + ["--lora", Self.adapter("kohya")])
      for (format, output) in [
        ("diffusers", "a.safetensors"), ("peft", "folder"), ("kohya", "b.safetensors"),
      ] {
        let convert = ["lora", "convert", Self.adapter("kohya"), "--format", format]
        try success(convert + ["--output", output, "--precision", "fp32"] + Self.model)
        try draw("\(format).png", Self.model + ["--lora", output])
        #expect(try difference("kohya.png", "\(format).png") <= 1, "\(format)")
      }
      try success(
        [
          "lora", "convert", Self.adapter("kohya"), "--part", "unet", "--output",
          "unet.safetensors",
        ]
          + Self.model)
      let names = try SafetensorsFile(contentsOf: workspace.file("unet.safetensors")).names
      #expect(!names.isEmpty && names.allSatisfy { $0.hasPrefix("lora_unet_") })
    }

    @Test("A baked model draws what its base draws with the LoRA, as a folder and as one file")
    func bake() throws {
      let lora = "\(Self.adapter("kohya")):0.7"
      try draw("lora.png", Self.model + ["--lora", lora])
      for output in ["baked", "baked.safetensors"] {
        try success(["lora", "bake", lora, "--output", output] + Self.model)
        try draw("baked.png", ["--model", output])
        #expect(try difference("lora.png", "baked.png") <= 1, "\(output)")
      }
      let again = try run("lora", "bake", lora, "--output", "baked", "--model", Workspace.model)
      #expect(again.code == 73 && again.lastMessage.contains("baked already exists"))
      try success(["lora", "bake", lora, "--output", "baked", "--overwrite"] + Self.model)
      let own = try run(
        "lora", "bake", lora, "--output", "Datasets", "--overwrite", "--model", Workspace.model)
      #expect(own.code == 64 && own.lastMessage.contains("Datasets is not a model"))
      #expect(try workspace.files(below: "Datasets").count == 6)
    }

    @Test("A LoRA that is extracted from a baked model draws what the baked model draws")
    func extract() throws {
      try success(
        ["lora", "bake", Self.adapter("kohya"), "--output", "tuned", "--precision", "fp32"]
          + Self.model)
      let outcome = try success([
        "lora", "extract", "--from", Workspace.model, "--to", "tuned", "--layers", "all",
        "--text-encoders", "--rank", "2", "--output", "found.safetensors", "--device", "cpu",
      ])
      #expect(outcome.messages.contains("89 layers, rank 2, 100.00 % of the norm kept"))
      #expect(outcome.messages.contains("layers do not differ and are left out"))
      try draw("tuned.png", ["--model", "tuned"])
      try draw("found.png", Self.model + ["--lora", "found.safetensors"])
      #expect(try difference("tuned.png", "found.png") <= 2)
      let same = try run(
        "lora", "extract", "--from", Workspace.model, "--to", Workspace.model, "--output",
        "x.safetensors")
      #expect(same.code == 65 && same.lastMessage.contains("does not differ from"))
    }

    @Test("A file of PyTorch's older format is refused with how to convert it, and never loaded")
    func pickled() throws {
      try workspace.write(Data([0x50, 0x4B, 3, 4]) + Data(count: 90), to: "zip.safetensors")
      try workspace.write(Data([0x80, 2]) + Data(repeating: 0x7D, count: 90), to: "bare.pt")
      for file in ["zip.safetensors", "bare.pt"] {
        for command in [["lora", "info", file], arguments + Self.model + ["--lora", file]] {
          let outcome = try workspace.run(command)
          #expect(outcome.code == 65)
          #expect(
            outcome.lastMessage.contains("\(file) is a pickled PyTorch file")
              && outcome.lastMessage.contains("safetensors.torch.save_file"))
        }
      }
      try FileManager.default.copyItem(
        at: workspace.file("zip.safetensors"), to: workspace.file("model.ckpt"))
      for file in ["zip.safetensors", "model.ckpt"] {
        let model = try workspace.run(arguments + ["--model", file])
        #expect(model.code == 65 && model.lastMessage.contains("\(file) is a pickled PyTorch file"))
      }
    }

    @Test("A LoRA for another family of models is named as such")
    func otherFamily() throws {
      for (width, name) in [(768, "Stable Diffusion 1.5"), (1024, "Stable Diffusion 2")] {
        let layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
        try SafetensorsWriter.write(
          [
            ("\(layer).lora_down.weight", .zeros([4, width])),
            ("\(layer).lora_up.weight", .zeros([320, 4])),
          ], to: workspace.file("other.safetensors"))
        let info = try success("lora", "info", "other.safetensors").results
        #expect(info.contains("Base model  \(name)\n"), "\(info)")
        for command in [
          arguments + Self.model + ["--lora", "other.safetensors"],
          ["lora", "convert", "other.safetensors", "--output", "new.safetensors"],
        ] {
          let outcome = try workspace.run(command)
          #expect(outcome.code == 65)
          #expect(outcome.lastMessage.contains("other.safetensors is a LoRA for \(name) and not"))
        }
      }
    }

    @Test(
      "Missing, empty and damaged files, folders and existing outputs are errors of one sentence")
    func badInput() throws {
      try workspace.write(Data(), to: "empty.safetensors")
      try workspace.write("[]", to: "text.safetensors")
      try workspace.write("kept", to: "old.safetensors")
      for (arguments, code, message) in [
        (["info", "nowhere"], Int32(66), "There is no LoRA nowhere; give the path"),
        (["info", "empty.safetensors"], 65, "it has 0 bytes"),
        (["info", "text.safetensors"], 65, "is damaged or of another format"),
        (["info", "Datasets"], 65, "Datasets is a folder without"),
        (
          ["merge", "a:b", "--output", "x.safetensors"], 64,
          "a:b is not a LoRA file; give a file, or"
        ),
        (
          ["resize", Self.adapter("kohya"), "--rank", "0", "--output", "x.safetensors"], 64,
          "--rank is 0"
        ),
        (
          ["resize", Self.adapter("kohya"), "--rank", "1", "--output", "old.safetensors"], 73,
          "old.safetensors already exists; choose another --output, or replace it with --overwrite."
        ),
        (
          ["convert", Self.adapter("kohya"), "--output", "x.safetensors", "--root", "empty"], 65,
          "kohya.safetensors does not fit SDXL or an installed model"
        ),
        (["paint"], 64, "lora"),
      ] {
        let outcome = try workspace.run(["lora"] + arguments)
        #expect(outcome.code == code, "\(arguments): \(outcome.messages)")
        #expect(outcome.lastMessage.contains(message), "\(outcome.lastMessage)")
      }
      #expect(
        try String(contentsOf: workspace.file("old.safetensors"), encoding: .utf8) == "kept")
      #expect(!FileManager.default.fileExists(atPath: workspace.file("x.safetensors").path))
    }

    @Test("A file may replace itself")
    func inPlace() throws {
      try FileManager.default.copyItem(
        at: URL(filePath: Self.adapter("kohya")), to: workspace.file("own.safetensors"))
      try success(
        ["lora", "resize", "own.safetensors", "--rank", "1", "--overwrite"]
          + ["--output", "own.safetensors"] + Self.model)
      let file = try SafetensorsFile(contentsOf: workspace.file("own.safetensors"))
      #expect(file.names.count == 267)
    }

    private let arguments = [
      "generate", "--prompt", "a cube", "--width", "64", "--height", "64", "--steps", "2",
      "--device", "cpu",
    ]

    private func run(_ arguments: String...) throws -> Program.Outcome {
      try workspace.run(arguments)
    }

    @discardableResult
    private func success(_ arguments: String...) throws -> Program.Outcome {
      try success(arguments)
    }

    @discardableResult
    private func success(_ arguments: [String]) throws -> Program.Outcome {
      let outcome = try workspace.run(arguments)
      #expect(outcome.code == 0, "\(arguments): \(outcome.messages)")
      return outcome
    }

    private func draw(_ output: String, _ more: [String]) throws {
      try success(arguments + more + ["--output", output, "--overwrite"])
    }

    private func difference(_ one: String, _ other: String) throws -> Int {
      let pixels = try [one, other].map {
        try ImageDecoder.decode(contentsOf: workspace.file($0)).pixels
      }
      return zip(pixels[0], pixels[1]).map { abs(Int($0) - Int($1)) }.max() ?? 255
    }

    private func metadata(_ file: String) throws -> [String: String] {
      try SafetensorsFile(contentsOf: workspace.file(file)).metadata
    }
  }
}
