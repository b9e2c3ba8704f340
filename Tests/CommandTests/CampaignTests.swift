import Foundation
import Images
import TestSupport
import Testing

extension CommandTests {
  /// Many pictures from one template.
  @Suite struct CampaignTests {
    private static let adapter = Repository.golden
      .appending(path: "lora/pytorch_lora_weights.safetensors").path
    private static let template = """
      prompt: "a photo of {subject} in {outfit}, {setting}"
      negative: blurry
      subject: a cube
      outfit: [a red hat, a coat]
      setting:
        - on the Moon!
        - text: at sea
          name: sea
          steps: 3
      seeds: [1, 2]
      strengths: [0.5, 1]
      steps: 2
      width: 64
      height: 64
      """

    private let workspace: Workspace

    init() throws {
      workspace = try Workspace()
      try workspace.write(Self.template, to: "campaign.yaml")
    }

    @Test("Every combination is drawn once, to a file named after it, with a sheet and a manifest")
    func whole() throws {
      let outcome = try workspace.launch(arguments([]))
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(
        outcome.messages.contains(
          "16 pictures (2 outfit x 2 setting x 2 strengths x 2 seeds): 0 already drawn, 16 to draw."
        ))
      let names = ["a-coat", "a-red-hat"].flatMap { outfit in
        ["on-the-moon", "sea"].flatMap { setting in
          ["0.5", "1.0"].flatMap { strength in
            ["1", "2"].map { "\(outfit)_\(setting)_strength-\(strength)_seed-\($0).png" }
          }
        }
      }
      #expect(
        try workspace.files(below: "out") == names.sorted() + ["manifest.jsonl", "sheet.png"])
      let sheet = try ImageDecoder.decode(contentsOf: workspace.file("out/sheet.png"))
      #expect((sheet.width, sheet.height) == (1036, 855))

      let manifest = try lines()
      #expect(manifest.map(\.file).sorted() == names.sorted())
      #expect(manifest[0].file == "a-red-hat_on-the-moon_strength-0.5_seed-1.png")
      #expect(
        manifest[0].values == [
          "subject": "a cube", "outfit": "a red hat", "setting": "on the Moon!",
        ])
      let first = manifest[0].parameters
      #expect(first.prompt == "a photo of a cube in a red hat, on the Moon!")
      #expect(first.negative == "blurry" && first.steps == 2 && first.adapters[0].scale == 0.5)
      #expect(manifest[4].parameters.steps == 3)
    }

    @Test("A picture of a campaign is the same with --from, and with its options alone")
    func alone() throws {
      _ = try draw()
      let name = "a-coat_sea_strength-1.0_seed-2.png"
      let again = try workspace.run("generate", "--from", "out/\(name)", "--output", "again.png")
      #expect((again.code, again.messages) == (0, ""))
      let alone = try workspace.run(
        "generate", "--prompt", "a photo of a cube in a coat, at sea", "--negative", "blurry",
        "--steps", "3", "--width", "64", "--height", "64", "--seed", "2", "--lora", Self.adapter,
        "--model", Workspace.model, "--device", "cpu", "--output", "alone.png")
      #expect(alone.code == 0)
      #expect(try bytes("again.png") == bytes("out/\(name)"))
      #expect(try bytes("alone.png") == bytes("out/\(name)"))
    }

    @Test("Drawn pictures stay; a changed template draws only the changed pictures")
    func resumed() throws {
      _ = try draw()
      let before = try contents()
      let same = try draw()
      #expect(same.messages.contains("16 already drawn, 0 to draw."))
      #expect(same.results == "out/sheet.png\n")
      #expect(try contents() == before)

      try FileManager.default.removeItem(
        at: workspace.file("out/a-coat_sea_strength-0.5_seed-1.png"))
      try workspace.write(Data("cut".utf8), to: "out/manifest.jsonl")
      let repaired = try draw()
      #expect(repaired.results == "out/a-coat_sea_strength-0.5_seed-1.png\nout/sheet.png\n")
      #expect(try contents() == before)

      try workspace.write(
        Self.template.replacing("text: at sea", with: "text: by the sea"), to: "campaign.yaml")
      let changed = try draw()
      #expect(
        changed.messages.contains(
          "8 already drawn, 8 to draw, 8 of them again because their settings have changed."))
      let after = try contents()
      for (name, data) in before where name.hasSuffix("-1.png") || name.hasSuffix("-2.png") {
        #expect((after[name] == data) == name.contains("moon"), "\(name)")
      }
      let more = try draw("--dry-run", "--steps", "5")
      #expect(more.messages.contains("0 already drawn, 16 to draw, 16 of them again"))
      #expect(more.results.split(separator: "\n").count == 16)
      #expect(try contents() == after)
    }

    @Test("Ctrl-C keeps the drawn pictures, and the next call draws the rest")
    func interrupted() throws {
      let program = try Program.start(
        arguments(["--steps", "20"]), in: workspace.url)
      try program.waitForFile(workspace.file("out/a-red-hat_on-the-moon_strength-0.5_seed-1.png"))
      program.send(SIGINT)
      let stopped = try program.wait()
      #expect(stopped.code == 130)
      let drawn = try lines().count
      #expect((1..<16).contains(drawn))
      #expect(stopped.messages.contains("0 already drawn, 16 to draw."))
      let rest = try draw("--steps", "20")
      #expect(rest.code == 0)
      #expect(rest.messages.contains("\(drawn) already drawn, \(16 - drawn) to draw."))
      #expect(try lines().count == 16)
    }

    @Test(
      "A template that cannot be drawn is refused with the line and the nearest name",
      arguments: [
        ("prompt: a {plac}\nplace: [b]", 65, "line 2: there is no option \"place\""),
        ("prompt: a {place} {plcae}\nplace: [b]", 65, "line 1: the prompt names {plcae}"),
        ("prompt: a {place} {plcae}\nplace: [b]", 65, "did you mean {place}?"),
        ("prompt: a\nsede: [1]", 65, "line 2: there is no option \"sede\""),
        ("prompt: a\nseedz: [1]", 65, "did you mean \"seeds\"?"),
        ("prompt: a {sizes}\nsize: [b]", 65, "line 2: there is no option \"size\""),
        ("prompt: a {sizes}\nsize: [b]", 65, "did you mean \"sizes\"?"),
        ("prompt: a\ncfg_scale: 7", 65, "cfg_scale of A1111's web UI is guidance here"),
        ("prompt: a\nlora_name: x", 65, "no prompt names {lora_name}; use it or remove the line"),
        ("prompt: a {b}\nb: [{text: c, cfg: 7}]", 65, "cfg of ComfyUI is guidance here"),
        ("prompt: a {b}\nb: []", 65, "line 2: b is an empty list"),
        ("prompt: a\nseeds: []", 65, "line 2: seeds: seeds is an empty list"),
        ("prompt: a\nseeds: [1, 1]", 65, "has \"1\" twice"),
        ("prompt: a {b}\nb: [c, c]", 65, "has \"c\" twice"),
        ("prompt: a {b\nb: [c]", 65, "prompt has a single brace"),
        ("prompt: a\nsteps: many", 65, "line 2: steps is \"many\", but must be a whole number"),
        ("prompt: a\nscheduler: pndm", 65, "line 2: scheduler is \"pndm\", but must be euler"),
        ("prompt: a\nwidth: 60", 65, "line 2: width is 60, but must be a positive multiple of 8"),
        ("prompt: a {b}\nb:\n- text: c\n  stesp: 3", 65, "line 4: there is no option \"stesp\""),
        ("prompt: a\nstrengths: [1]", 65, "has strengths but no adapter to apply them to"),
        ("steps: 3", 65, "prompt is nothing, but must be set"),
        ("prompt: a {b} {c}\nb: [\(many)]\nc: [\(many)]", 65, "100 x 100 pictures, over the limit"),
      ])
    func refused(_ yaml: String, _ code: Int32, _ sentence: String) throws {
      try workspace.write(yaml, to: "bad.yaml")
      let outcome = try workspace.run(
        "generate", "--prompts", "bad.yaml", "--model", Workspace.model, "--device", "cpu")
      #expect(outcome.code == code)
      #expect(outcome.lastMessage.contains(sentence), "\(outcome.lastMessage)")
      #expect(!FileManager.default.fileExists(atPath: workspace.file("campaign").path))
    }

    private static let many = (0..<100).map { "t\($0)" }.joined(separator: ", ")

    @Test("Outputs that cannot be used, and options that exclude each other")
    func places() throws {
      try workspace.write("text", to: "file/in")
      #expect(try refuse("--output", "file/in").code == 73)
      #expect(try refuse("--output", "a.png").code == 64)
      #expect(try refuse("--prompt", "a").code == 64)
      #expect(try refuse("--from", "a.png").code == 64)
      let missing = try workspace.run("generate", "--prompts", "no.yaml")
      #expect(missing.code == 66)
      try workspace.write(
        workspace.image(1), to: "out/a-coat_sea_strength-0.5_seed-1.png")
      let other = try workspace.run(arguments([]))
      #expect(other.code == 73)
      #expect(other.lastMessage.contains("seed-1.png already exists"))
    }

    private func refuse(_ more: String...) throws -> Program.Outcome {
      try workspace.run(
        [
          "generate", "--prompts", "campaign.yaml", "--model", Workspace.model, "--device", "cpu",
          "--lora", Self.adapter,
        ] + more)
    }

    private func arguments(_ more: [String]) -> [String] {
      [
        "generate", "--prompts", "campaign.yaml", "--model", Workspace.model, "--device", "cpu",
        "--lora", Self.adapter, "--output", "out",
      ] + more
    }

    private func draw(_ more: String...) throws -> Program.Outcome {
      try workspace.run(arguments(more))
    }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: workspace.file(path)) }

    private func contents() throws -> [String: Data] {
      Dictionary(
        uniqueKeysWithValues: try workspace.files(below: "out").map { ($0, try bytes("out/\($0)")) }
      )
    }

    private struct Line: Decodable {
      struct Parameters: Decodable {
        struct Adapter: Decodable { let scale: Double }
        let prompt: String
        let negative: String?
        let steps: Int
        let adapters: [Adapter]
      }
      let file: String
      let values: [String: String]
      let parameters: Parameters
    }

    private func lines() throws -> [Line] {
      try String(contentsOf: workspace.file("out/manifest.jsonl"), encoding: .utf8)
        .split(separator: "\n")
        .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }
  }
}
