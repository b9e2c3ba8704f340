import Browser
import Foundation
import RunLog
import Testing

/// Campaigns through the interface and on the page.
@Suite("Studio: campaigns") struct CampaignTests {
  @Test("A campaign is saved as a template, drawn, starred and exported with its manifest")
  func whole() async throws {
    try await TestStudio.serve { studio in
      try await studio.drawCampaign("summer")
      let folder = studio.folder.appending(path: "Checkpoints/campaigns/summer")
      let template = try String(
        contentsOf: folder.appending(path: "template.yaml"), encoding: .utf8)
      #expect(template.contains("{text: \", left\", name: left, guidance: 4}"))
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { $0.hasSuffix(".png") && $0 != "sheet.png" }.sorted()
      #expect(files.count == 4 && files.contains("blue-light_left_seed-1.png"), "\(files)")

      let settings = try await studio.get("/api/campaigns/summer").json()
      #expect(settings["form"]?["prompt"]?.text == "a photo of a {color} ball{place}")
      let entries = settings["form"]?["lists"]?.items.map {
        $0["entries"]?.items.compactMap(\.text)
      }
      #expect(entries?.first == ["red", "blue: light"])
      #expect(entries?.last??.last == "{text: \", left\", name: left, guidance: 4}")
      #expect(entries?.last??.first == #"{text: ""}"#)
      // What is read is what is written again.
      let again = try await studio.send(
        "PUT", "/api/campaigns/summer", try await studio.get("/api/campaigns/summer").text)
      #expect(again.status == 204)
      let job = try await studio.send("POST", "/api/campaigns/summer/draw").json()
      #expect(job["count"]?.number == 0)

      let page = try await studio.get("/campaigns/summer").text
      #expect(page.contains("4 of 4 pictures are drawn."))
      let file = try await studio.get("/campaigns/summer/files/blue-light_left_seed-1.png")
      #expect(file.headers["content-type"] == "image/png")
      let none = try await studio.send("POST", "/api/campaigns/summer/export")
      #expect(none.status == 400)
      for name in ["blue-light_left_seed-1.png", "../../runs.sqlite", "sheet.png"] {
        let star = try await studio.send(
          "PUT", "/api/campaigns/summer/stars", #"{"file": "\#(name)", "starred": true}"#)
        #expect(star.status == (name.hasPrefix("blue") ? 204 : 404), "\(name)")
      }
      let export = try await studio.send("POST", "/api/campaigns/summer/export").json()
      #expect(export["count"]?.number == 1)
      let starred = folder.appending(path: "starred")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: starred.path).sorted()
          == ["blue-light_left_seed-1.png", "manifest.jsonl"])
      let manifest = try String(
        contentsOf: starred.appending(path: "manifest.jsonl"), encoding: .utf8)
      #expect(manifest.split(separator: "\n").count == 1 && manifest.contains("blue: light"))
    }
  }

  @Test("The pictures of a campaign are listed, drawn or not")
  func pictures() async throws {
    try await TestStudio.serve { studio in
      try await studio.drawCampaign("summer")
      let folder = studio.folder.appending(path: "Checkpoints/campaigns/summer")
      let gone = "blue-light_left_seed-1.png"
      try FileManager.default.removeItem(at: folder.appending(path: gone))
      let pictures = try await studio.get("/api/campaigns/summer/pictures").json().items
      #expect(pictures.count == 4)
      let missing = pictures.filter { $0["drawn"] == .bool(false) }
      #expect(missing.compactMap { $0["file"]?.text } == [gone])
      #expect(missing.first?["prompt"]?.text == "a photo of a blue: light ball, left")
    }
  }

  @Test("A campaign is made in an empty folder, which a full disk leaves, and in no other")
  func emptyFolder() async throws {
    try await TestStudio.serve { studio in
      for (name, status) in [("empty", 201), ("used", 400)] {
        let folder = studio.folder.appending(path: "Checkpoints/campaigns/\(name)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if name == "used" { try Data().write(to: folder.appending(path: "notes.txt")) }
        let answer = try await studio.send("POST", "/api/campaigns", #"{"name": "\#(name)"}"#)
        #expect(answer.status == status, "\(answer.text)")
      }
    }
  }

  @Test(
    "A template that cannot be drawn is refused, and the old one stays",
    arguments: [
      #"{"prompt": "a {colour} ball", "lists": [], "seeds": ["1"], "strengths": [], "options": {}}"#,
      #"{"prompt": "a ball", "lists": [{"name": "x", "entries": ["a"]}], "seeds": [], "strengths": [], "options": {}}"#,
      #"{"prompt": "a ball", "lists": [], "seeds": ["a"], "strengths": [], "options": {}}"#,
      #"{"prompt": "a ball", "lists": [], "seeds": ["1"], "strengths": [], "options": {"steps": "many"}}"#,
      #"{"prompt": "a {", "lists": [], "seeds": ["1"], "strengths": [], "options": {}}"#,
    ])
  func refused(form: String) async throws {
    try await TestStudio.serve { studio in
      _ = try await studio.send("POST", "/api/campaigns", #"{"name": "x"}"#)
      let before = try await studio.get("/api/campaigns/x").text
      let answer = try await studio.send(
        "PUT", "/api/campaigns/x", #"{"form": \#(form), "painter": {}}"#)
      #expect([400, 422].contains(answer.status), "\(answer.text)")
      #expect(try answer.message.hasSuffix(".") || answer.message.hasSuffix("?"))
      #expect(try await studio.get("/api/campaigns/x").text == before)
    }
  }

  @Test("Names of campaigns lead nowhere", arguments: ["../x", "", ".x", "a/b", "a\\b", "x."])
  func names(name: String) async throws {
    try await TestStudio.serve { studio in
      let body = String(decoding: try JSONEncoder().encode(["name": name]), as: UTF8.self)
      #expect(try await studio.send("POST", "/api/campaigns", body).status == 400)
    }
  }

  @Test(
    "On the page, a list appears for each name, and the sheet fills",
    .enabled(if: Chromium.isInstalled))
  func page() async throws {
    try await TestStudio.serve { studio in
      try await withBrowser { browser in
        let page = try await browser.newPage()
        try await page.goto(studio.address + "/campaigns")
        try await page.type("winter", into: "#name")
        try await page.click("#create button")
        try await page.wait(
          for: "location.pathname === '/campaigns/winter' && document.readyState === 'complete'")
        try await page.type("a photo of a {color} ball, {place}", into: "#prompt")
        try await page.wait(for: "document.querySelectorAll('#lists textarea').length === 2")
        try await page.type("red\ngreen", into: "#list-color")
        try await page.type("left", into: "#list-place")
        try await page.type("1 2", into: "#seeds")
        try await page.click("#template button[type=submit]")
        try await page.wait(
          for: "document.querySelectorAll('#sheet img').length === 4")
        try await page.click("[data-mark='red_left_seed-2.png']")
        try await page.wait(
          for:
            "document.querySelector('[data-mark=\"red_left_seed-2.png\"]').getAttribute('aria-pressed') === 'true'"
        )
        try await page.click("#export")
        try await page.wait(
          for: "document.getElementById('message').textContent.includes('1 picture is in')")
        #expect(page.consoleErrors == [])
      }
    }
  }
}
