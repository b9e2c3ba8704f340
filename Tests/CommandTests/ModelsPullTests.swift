import Files
import Foundation
import HubServer
import StableDiffusion
import TestSupport
import Testing

extension CommandTests {
  /// `models pull`: the model is complete and right, or not there at all.
  @Suite struct ModelsPullTests {
    private let hub: ModelServer
    private static let whole = ModelServer.files.union(["manifest.json"])

    init() throws { hub = try ModelServer() }

    @Test("Only the files that are read are pulled, and the model is used like any other")
    func pull() throws {
      let outcome = try hub.pull()
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.results == "Checkpoints/base/tiny\n")
      #expect(try hub.installed() == Self.whole)
      let again = try hub.pull()
      #expect(again.code == 0 && again.results == outcome.results)
      #expect(again.messages.contains("The model is already installed."))
      #expect(try hub.pull(["HF_HUB_OFFLINE": "1"]).results == outcome.results)

      let training = try hub.workspace.run(
        "--subject", "cube", "--model", "tiny", "--resolution", "64", "--steps", "2", "--rank", "2",
        "--sample-every", "0", "--device", "cpu")
      #expect(training.code == 0, "\(training.messages)")
      let list = try hub.workspace.run("models", "--json")
      let models = try JSONDecoder().decode([Listed].self, from: Data(list.results.utf8))
      #expect(
        models == [
          Listed(
            name: "tiny", kind: "base", path: "Checkpoints/base/tiny",
            repository: ModelServer.repository,
            revision: hub.server.repository(ModelServer.repository)?.commit ?? "", runs: [1])
        ])
      let text = try hub.workspace.run("models")
      #expect(text.results.contains("tiny  base  0.00 GB  tests/tiny-sdxl  c0ffee12  1"))
    }

    private struct Listed: Decodable, Equatable {
      let name: String
      let kind: String
      let path: String
      let repository: String
      let revision: String
      let runs: [Int]
    }

    @Test("The manifest does not change the content hash of a model")
    func contentHash() throws {
      #expect(try hub.pull().code == 0)
      let caches = try TemporaryDirectory()
      func hash(_ url: URL) throws -> String {
        try ModelDirectory(url).contentHash(FileHashes(in: caches.url))
      }
      #expect(
        try hash(hub.workspace.file("Checkpoints/base/tiny"))
          == hash(URL(filePath: Workspace.model)))
    }

    @Test("The variant fp16 is taken where there is one, and other weights where there is none")
    func variant() throws {
      var model = try StoredRepository(folder: URL(filePath: Workspace.model))
      let weights = "unet/diffusion_pytorch_model.safetensors"
      let half = "unet/diffusion_pytorch_model.fp16.safetensors"
      model.files[half] = model.files[weights]
      hub.server.add(model, named: ModelServer.repository)
      let outcome = try hub.run(
        "pull", ModelServer.repository, "--name", "tiny", "--variant", "fp16")
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(try hub.installed() == Self.whole.subtracting([weights]).union([half]))
    }

    @Test("A VAE is pulled, and generate draws with it by its name")
    func vae() throws {
      let folder = URL(filePath: Workspace.model).appending(path: "vae")
      var vae = try StoredRepository(folder: folder)
      vae.files["sdxl_vae.safetensors"] = StoredFile(Data("other".utf8), isLarge: true)
      hub.server.add(vae, named: "madebyollin/sdxl-vae-fp16-fix")
      let outcome = try hub.run("pull", "sdxl-vae")
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(
        try hub.workspace.files(below: "Checkpoints/base/sdxl-vae") == [
          "config.json", "diffusion_pytorch_model.safetensors", "manifest.json",
        ])
      let drawing = try hub.workspace.run(
        "generate", "--prompt", "a cube", "--model", Workspace.model, "--vae", "sdxl-vae",
        "--steps",
        "1", "--width", "64", "--height", "64", "--device", "cpu", "--output", "a.png")
      #expect(drawing.code == 0, "\(drawing.messages)")
      let verified = try hub.workspace.run("models", "verify")
      #expect(verified.results == "sdxl-vae: 2 files, all hashes are right.\n")
    }

    @Test("Ctrl-C ends the download with code 130; the same command continues it")
    func interrupted() throws {
      let path = "unet/diffusion_pytorch_model.safetensors"
      hub.server.fail(path, [.stalled(after: 1_000_000)])
      let pull = try Program.start(
        ["models", "pull", ModelServer.repository, "--name", "tiny"], in: hub.workspace.url,
        environment: hub.environment())
      let sha256 = try #require(hub.server.repository(ModelServer.repository)?.files[path]).sha256
      let partial = hub.workspace.file(
        "Checkpoints/base/.tiny.download/\(path).\(sha256.prefix(12)).partial")
      try pull.waitForFile(partial)
      try pull.wait("a megabyte was not downloaded") {
        try Data(contentsOf: partial).count >= 1_000_000
      }
      pull.send(SIGINT)
      let outcome = try pull.wait()
      #expect(outcome.code == 130, "\(outcome.messages)")
      #expect(outcome.messages.contains("The download was stopped; the same command continues it."))
      #expect(try hub.installed().isEmpty)
      let list = try hub.workspace.run("models")
      #expect(list.messages.contains("The download of tiny is not complete"))
      #expect(try hub.pull().code == 0)
      #expect(try hub.installed() == Self.whole)
      #expect(hub.server.downloads(of: path).last?.header("Range") == "bytes=1000000-")
    }

    /// A place in a pull, and what fails there.
    static let stages = [
      "write:unet/diffusion", "append:unet/diffusion@2", "sync:text_encoder/model",
      "rename:vae/config",
      "append:vocab.json", "write:manifest", "sync:manifest", "rename:base/tiny$", "sync:base/",
    ]

    @Test("After a disk error the exit code is 73, and the next pull completes", arguments: stages)
    func diskError(stage: String) throws {
      let outcome = try hub.pull(["LORA_TRAIN_FAILPOINT": "\(stage)=ENOSPC"])
      #expect(outcome.code == 73, "\(outcome.messages)")
      #expect(outcome.lastMessage.contains("No space left on device"), "\(outcome.messages)")
      let installed = try hub.installed()
      #expect(installed.isEmpty || installed == Self.whole)
      #expect(try hub.pull().code == 0)
      #expect(try hub.installed() == Self.whole)
    }

    @Test(
      "After a kill or a power cut at any place, the next pull completes",
      arguments: ["kill", "power"], stages)
    func killed(action: String, stage: String) throws {
      let outcome = try hub.pull(["LORA_TRAIN_FAILPOINT": "\(stage)=\(action)"])
      #expect(outcome.code == -SIGKILL, "\(outcome.messages)")
      let installed = try hub.installed()
      #expect(installed.isEmpty || installed == Self.whole)
      #expect(try hub.pull().code == 0)
      #expect(try hub.installed() == Self.whole)
    }

    @Test("Two pulls of one model: the second is told that the first is at work")
    func busy() throws {
      let path = "unet/diffusion_pytorch_model.safetensors"
      hub.server.fail(path, [.stalled(after: 1000)])
      let first = try Program.start(
        ["models", "pull", ModelServer.repository, "--name", "tiny"], in: hub.workspace.url,
        environment: hub.environment())
      try first.waitForFile(hub.workspace.file("Checkpoints/base/.tiny.download/unet/config.json"))
      let second = try hub.pull()
      #expect(second.code == 75, "\(second.messages)")
      first.send(SIGTERM)
      #expect(try first.wait().code == 130)
    }

    @Test("A repository that is gated, missing or no model is explained, and nothing is installed")
    func refused() throws {
      func expect(_ code: Int32, _ part: String, _ arguments: String...) throws {
        let outcome = try Program.run(
          ["models", "pull"] + arguments, in: hub.workspace.url, environment: hub.environment())
        #expect(outcome.code == code, "\(outcome.messages)")
        #expect(outcome.lastMessage.contains(part), "\(outcome.lastMessage)")
        #expect(outcome.results == "")
      }
      let model = try StoredRepository(folder: URL(filePath: Workspace.model))
      var gated = model
      gated.access = .gated
      hub.server.add(gated, named: "tests/gated")
      try expect(66, "The repository tests/gated is gated: accept its conditions", "tests/gated")
      try expect(66, "There is no repository tests/none on the Hub", "tests/none")
      try expect(
        66, "has no revision v2; give --revision a branch", ModelServer.repository, "--revision",
        "v2")
      try expect(64, "has no valid name; write it as owner/name", "tests/a b")
      try expect(64, "cannot be that of a folder", ModelServer.repository, "--name", "../up")
      try expect(
        64, "give --variant fp16, or leave it out", ModelServer.repository, "--variant", "int8")

      var pickled = model
      pickled.files["unet/diffusion_pytorch_model.safetensors"] = nil
      pickled.files["unet/diffusion_pytorch_model.bin"] = StoredFile(
        Data([0x80, 2]), isLarge: true)
      hub.server.add(pickled, named: "tests/pickled")
      try expect(
        65, "only unet/diffusion_pytorch_model.bin, and such files can run", "tests/pickled")

      var other = model
      let index = Data(
        "{\"_class_name\": \"StableDiffusionPipeline\", \"unet\": [\"d\", \"X\"]}".utf8)
      other.files["model_index.json"] = StoredFile(index)
      hub.server.add(other, named: "tests/other")
      try expect(65, "choose an SDXL base model", "tests/other")

      hub.server.add(StoredRepository(files: [:]), named: "tests/empty")
      try expect(65, "is no SDXL model in diffusers' layout", "tests/empty")
      let base = hub.workspace.file("Checkpoints/base")
      #expect(try FileManager.default.contentsOfDirectory(atPath: base.path) == [])
      #expect(hub.server.storage.received.isEmpty)
    }

    @Test("A name that is taken by another model is refused")
    func nameTaken() throws {
      #expect(try hub.pull().code == 0)
      hub.server.add(
        try StoredRepository(folder: URL(filePath: Workspace.model)), named: "tests/other")
      let outcome = try hub.run("pull", "tests/other", "--name", "tiny")
      #expect(outcome.code == 64)
      #expect(outcome.lastMessage.contains("choose another name with --name"))
      #expect(try hub.installed() == Self.whole)
    }

    @Test("HF_HUB_OFFLINE without a cached model is code 69")
    func offline() throws {
      let outcome = try hub.pull(["HF_HUB_OFFLINE": "1"])
      #expect(outcome.code == 69)
      #expect(outcome.lastMessage.contains("HF_HUB_OFFLINE forbids to download it"))
      #expect(hub.server.hub.received.isEmpty)
    }
  }
}
