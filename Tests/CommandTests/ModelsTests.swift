import Foundation
import HubServer
import TestSupport
import Testing

extension CommandTests {
  /// `models list`, `verify` and `remove`.
  @Suite struct ModelsTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// Installs the small model by hand, as a folder.
    private func install(_ name: String) throws {
      let base = workspace.file("Checkpoints/base")
      try FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: URL(filePath: Workspace.model), to: base.appending(path: name))
    }

    /// A manifest as `models pull` writes it.
    private func writeManifest(of name: String) throws {
      let folder = "Checkpoints/base/\(name)"
      var files: [String: [String: Any]] = [:]
      for path in try workspace.files(below: folder) {
        let data = try Data(contentsOf: workspace.file("\(folder)/\(path)"))
        files[path] = ["size": data.count, "sha256": StoredFile(data).sha256]
      }
      let manifest: [String: Any] = [
        "kind": "base", "repository": "a/b", "revision": String(repeating: "a", count: 40),
        "files": files,
      ]
      try workspace.write(
        try JSONSerialization.data(withJSONObject: manifest), to: "\(folder)/manifest.json")
    }

    @Test("Without models, the list says how to install one")
    func empty() throws {
      let outcome = try workspace.run("models")
      #expect(outcome.code == 0 && outcome.results == "")
      #expect(
        outcome.messages.contains("lora-train models pull sdxl installs Stable Diffusion XL."))
      #expect(try workspace.run("models", "--json").results == "[\n\n]\n")
    }

    @Test("Models that were installed by hand are listed without a source, single files too")
    func byHand() throws {
      try install("mine")
      _ = try SingleFileModel.tiny(in: workspace.file("Checkpoints/base"))
      try workspace.write("{}", to: "Checkpoints/base/empty/other.json")
      let lines = try workspace.run("models").results.split(separator: "\n")
      #expect(lines.count == 3, "\(lines)")
      #expect(lines[1].contains(/^mine +base +0\.00 GB +- +- +-$/), "\(lines)")
      #expect(lines[2].contains(/^tiny +base +0\.00 GB +- +- +-$/), "\(lines)")
      let verified = try workspace.run("models", "verify", "mine")
      #expect(verified.code == 0)
      #expect(
        verified.results
          == "mine: names and shapes of all weights are right; it has no manifest with hashes.\n")
    }

    @Test("verify finds a changed byte, a wrong size and a missing file; the exit code is 65")
    func damaged() throws {
      try install("mine")
      try writeManifest(of: "mine")
      #expect(
        try workspace.run("models", "verify").results == "mine: 18 files, all hashes are right.\n")
      let vae = workspace.file("Checkpoints/base/mine/vae/diffusion_pytorch_model.safetensors")
      var bytes = try Data(contentsOf: vae)
      bytes[bytes.count - 1] ^= 1
      try bytes.write(to: vae)
      try workspace.write("{}", to: "Checkpoints/base/mine/unet/config.json")
      try FileManager.default.removeItem(
        at: workspace.file("Checkpoints/base/mine/tokenizer/vocab.json"))
      let outcome = try workspace.run("models", "verify", "mine")
      #expect(outcome.code == 65)
      let lines = outcome.results.split(separator: "\n")
      #expect(lines.count == 3, "\(lines)")
      #expect(lines[0].contains("vocab.json does not exist"))
      #expect(lines[1].contains("unet/config.json has 2 bytes instead of 1665"))
      #expect(lines[2].contains("diffusion_pytorch_model.safetensors has another hash"))
      let json = try workspace.run("models", "verify", "--json")
      #expect(json.code == 65 && json.results.contains("\"depth\" : \"hashes\""))
    }

    @Test("verify without hashes checks the structure")
    func structure() throws {
      try install("mine")
      try workspace.write(
        Data([1, 2, 3]), to: "Checkpoints/base/mine/unet/diffusion_pytorch_model.safetensors")
      let outcome = try workspace.run("models", "verify")
      #expect(outcome.code == 65 && outcome.results.hasPrefix("mine: "))
      #expect(try workspace.run("models", "verify", "other").code == 66)
    }

    @Test("remove removes a model; one of the project or of an unfinished run only by force")
    func remove() throws {
      try install("demo")
      try install("mine")
      let embedded = try workspace.run("models", "remove", "demo")
      #expect(embedded.code == 64 && embedded.lastMessage.contains("give --force to remove it"))
      let training = try Program.start(
        [
          "--subject", "cube", "--model", "mine", "--resolution", "64", "--steps", "500", "--rank",
          "2", "--checkpoint-every", "2", "--sample-every", "0", "--device", "cpu",
        ], in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-1/step-000002"))
      training.send(SIGINT)
      #expect(try training.wait().code == 130)
      let used = try workspace.run("models", "remove", "mine")
      #expect(used.code == 64)
      #expect(
        used.lastMessage == """
          lora-train: The model mine is needed to resume run 1; finish it first, or give --force to \
          remove the model all the same.
          """)
      let forced = try workspace.run("models", "remove", "mine", "--force")
      #expect(forced.code == 0 && forced.messages.contains("Removed mine, 0.00 GB."))
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: workspace.file("Checkpoints/base").path) == ["demo"])
      #expect(try workspace.run("models", "remove", "mine").code == 66)
    }

    @Test("A download that is not complete is removed by its name")
    func removeDownload() throws {
      try workspace.write("x", to: "Checkpoints/base/.big.download/unet/a.safetensors.abc.partial")
      #expect(try workspace.run("models").messages.contains("The download of big is not complete"))
      #expect(try workspace.run("models", "remove", "big").code == 0)
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: workspace.file("Checkpoints/base").path) == [])
    }

    @Test(
      "Help names the options of each command",
      arguments: ["list", "pull", "verify", "remove", "push"])
    func help(command: String) throws {
      let options = [
        "list": ["--json", "--root"],
        "pull": [
          "--revision", "--name", "--variant", "--root", "HF_TOKEN", "sdxl-refiner", "sdxl-vae",
        ],
        "push": ["--private", "--message", "--license", "--base-model", "--root"],
        "verify": ["--json", "--root"], "remove": ["--force", "--root"],
      ]
      let outcome = try workspace.run("models", command, "--help")
      for option in options[command] ?? [] {
        #expect(outcome.results.contains(option), "\(option)")
      }
    }
  }
}
