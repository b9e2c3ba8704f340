import Foundation
import RunLog
import TestSupport
import Testing

/// Datasets through the interface.
@Suite("Studio: datasets") struct DatasetTests {
  @Test("A dataset is made, filled, captioned and trained on")
  func fromNothing() async throws {
    try await TestStudio.serve { studio in
      let made = try await studio.send("POST", "/api/datasets", #"{"subject": "pip"}"#)
      #expect(made.status == 201)
      #expect(
        try await studio.get("/api/datasets").json().items.compactMap(\.text) == ["cube", "pip"])
      let empty = try await studio.get("/datasets/pip")
      #expect(empty.status == 200 && empty.text.contains("No images yet"))
      for number in 0..<2 {
        let answer = try await studio.add(
          try TestStudio.image(number), named: "../../x/\(number).jpeg", to: "pip")
        #expect(answer.status == 201)
        #expect(try answer.json()["name"]?.text == "\(number).png")
      }
      let caption = try await studio.send(
        "PUT", "/api/datasets/pip/caption?image=0.png", #"{"caption": "a photo of pip, <b>"}"#)
      #expect(caption.status == 204)
      let file = studio.folder.appending(path: "Datasets/pip/0.txt")
      #expect(try String(contentsOf: file, encoding: .utf8).hasPrefix("a photo of pip, <b>"))
      let page = try await studio.get("/datasets/pip").text
      #expect(page.contains("a photo of pip, &lt;b&gt;"))

      let order = #"{"subject": "pip", "steps": 3, "rank": 2, "sample_every": 0, "device": "cpu"}"#
      let forecast = try await studio.send("POST", "/api/runs/forecast", order)
      #expect(forecast.status == 200, "\(forecast.text)")
      #expect(try forecast.json()["peak_bytes"]?.number ?? 0 > 1 << 20)
      #expect(try forecast.json()["run"] == nil)
      let run = try await studio.train(order)
      let detail = try await studio.get("/api/runs/\(run)").json()
      #expect(detail["subject"]?.text == "pip")
      #expect(detail["config"]?["rank"]?.number == 2)
      #expect(detail["dataset"]?.text == "Datasets/pip")
      #expect(detail["status"]?.text == "finished")
      let second = try await studio.send("POST", "/api/runs/forecast", order)
      #expect(try second.json()["run"]?.number == run)
    }
  }

  @Test("Focus, mask, exclusion and settings are what the report then shows")
  func edits() async throws {
    try await TestStudio.serve { studio in
      func put(_ what: String, _ body: String) async throws -> StudioAnswer {
        try await studio.send("PUT", "/api/datasets/cube/\(what)", body)
      }
      #expect(try await put("focus?image=0.png", #"{"focus": [0.25, 0.75]}"#).status == 204)
      #expect(try await put("excluded?image=1.png", #"{"excluded": true}"#).status == 204)
      #expect(try await put("settings", #"{"trigger": "qube", "class_word": "box"}"#).status == 204)
      let mask = try await studio.add(
        try TestStudio.image(1), to: "/api/datasets/cube/mask?image=2.png", method: "PUT")
      #expect(mask.status == 204)
      let report = try await studio.get("/api/datasets/cube").json()
      let images = report["images"]?.items ?? []
      #expect(images.compactMap { $0["file"]?.text } == ["0.png", "2.png"])
      #expect(images.first?["focus"] == .array([.number(0.25), .number(0.75)]))
      #expect(images.last?["mask"]?.text == "2-mask.png")
      for image in ["0.png", "1.png", "2.png"] {
        let tile = try await studio.get("/api/datasets/cube/tile?image=\(image)")
        #expect(tile.headers["content-type"] == "image/png", "\(image)")
      }
      let page = try await studio.get("/datasets/cube").text
      #expect(page.contains("excluded") && page.contains("qube") && page.contains("Change mask"))
      let removed = try await studio.send("DELETE", "/api/datasets/cube/image?image=0.png")
      #expect(try removed.json()["folder"]?.text == ".trash/1")
      #expect(try await studio.send("DELETE", "/api/datasets/cube/mask?image=2.png").status == 204)
    }
  }

  @Test(
    "Captions are changed all at once as shown before; a preview that is out of date changes nothing"
  )
  func bulk() async throws {
    try await TestStudio.serve { studio in
      let path = "/api/datasets/cube/captions"
      let shown = try await studio.send(
        "POST", "\(path)/preview", #"{"edit": "replace", "text": "photo", "with": "drawing"}"#)
      #expect(try shown.json().items.count == 3)
      #expect(try shown.json().items.first?["after"]?.text == "a drawing of cube, number 0")
      let file = studio.folder.appending(path: "Datasets/cube/0.txt")
      #expect(try String(contentsOf: file, encoding: .utf8).contains("photo"))
      let body = #"{"changes": \#(shown.text)}"#
      #expect(try await studio.send("POST", path, body).status == 204)
      #expect(try String(contentsOf: file, encoding: .utf8).contains("a drawing of cube"))
      let again = try await studio.send("POST", path, body)
      #expect(again.status == 409, "\(again.text)")
      let unknown = try await studio.send("POST", "\(path)/preview", #"{"edit": "shout"}"#)
      #expect(unknown.status == 400)
    }
  }

  @Test("What is no image is refused, as is a file that is too large; nothing is left on the disk")
  func refusedFiles() async throws {
    try await TestStudio.serve { studio in
      let folder = studio.folder.appending(path: "Datasets/cube").path
      let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      for (data, name) in [
        (Data("<html><script>".utf8), "a.png"), (Data("#!/bin/sh".utf8), "run.sh"),
        (Data("%PDF-1.7".utf8), "a.jpg"), (Data(), "empty.png"),
        (try TestStudio.image(0).prefix(200), "cut.png"),
      ] {
        let answer = try await studio.add(data, named: name, to: "cube")
        #expect([400, 422].contains(answer.status), "\(name): \(answer.status) \(answer.text)")
        #expect(try answer.message.hasSuffix("."), "\(answer.text)")
      }
      let large = try await studio.add(Data(count: 64 << 20 | 1), named: "large.png", to: "cube")
      #expect(large.status == 413)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == before)
    }
  }

  @Test(
    "No dataset and no image leads out of the folder",
    arguments: ["..", "../cube", "/etc", ".hidden", "cube/..", "nothing"])
  func traversal(name: String) async throws {
    try await TestStudio.serve { studio in
      let part = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      for path in ["/datasets/\(part)", "/datasets/\(part)/train", "/api/datasets/\(part)"] {
        #expect(try await studio.get(path).status == 404, "\(path)")
      }
      for what in ["tile", "image", "mask"] {
        let answer = try await studio.get("/api/datasets/cube/\(what)?image=\(part)")
        #expect(answer.status == 404, "\(what)")
      }
      for image in ["../../../etc/passwd", "/etc/passwd", "0.txt", "../cube/0.png"] {
        let part = image.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let answer = try await studio.send(
          "PUT", "/api/datasets/cube/caption?image=\(part)", #"{"caption": "x"}"#)
        #expect(answer.status == 404, "\(image)")
      }
      let made = try await studio.send("POST", "/api/datasets", #"{"subject": "\#(name)"}"#)
      #expect(name == "nothing" ? made.status == 201 : made.status == 400, "\(made.text)")
    }
  }

  @Test(
    "A training that cannot be started shows the reason",
    arguments: [
      (#"{"steps": 3}"#, 400), (#"{"subject": "nobody"}"#, 404),
      (#"{"subject": "cube", "steps": 0}"#, 400), (#"{"subject": "cube", "stepz": 3}"#, 400),
      (#"{"subject": "cube", "dataset": "/etc"}"#, 400),
      (#"{"subject": "cube", "model": "/etc/passwd"}"#, 404),
      (#"{"subject": "cube", "init_lora": "/etc/passwd"}"#, 400),
      (#"{"subject": "cube", "prior_folder": "../../x"}"#, 400),
    ])
  func orders(order: String, status: Int) async throws {
    try await TestStudio.serve { studio in
      for path in ["/api/runs", "/api/runs/forecast"] {
        let answer = try await studio.send("POST", path, order)
        #expect(answer.status == status, "\(path) \(order): \(answer.text)")
      }
      #expect(try await studio.get("/api/runs").json().items.isEmpty)
    }
  }

  @Test("A training that fails before its first step shows its own sentence")
  func failing() async throws {
    try await TestStudio.serve { studio in
      let image = studio.folder.appending(path: "Datasets/cube/1.png")
      try Data("no image".utf8).write(to: image)
      let answer = try await studio.send("POST", "/api/runs", #"{"subject": "cube", "steps": 2}"#)
      let state = try await studio.end(ofProcess: try answer.json())
      #expect(state["run"] == nil)
      #expect(state["failure"]?.text?.contains("1.png") == true, "\(state)")
    }
  }
}
