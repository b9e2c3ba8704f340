import Foundation
import Studio
import Testing
import Workspace

/// What the studio refuses.
@Suite("Studio: refusals") struct RefusalTests {
  private static let order = #"{"prompt": "a dog", "steps": 1}"#

  @Test("Requests under a foreign name are refused")
  func hosts() async throws {
    try await TestStudio.serve { studio in
      for host in [
        "evil.example", "evil.example:7860", "127.0.0.1.evil.example", "192.168.1.9", "",
      ] {
        let answer = try await studio.get("/draw", headers: ["Host": host])
        #expect(answer.status == 421 || host.isEmpty && answer.status == 400, "\(host)")
      }
      for host in ["localhost", "LOCALHOST:1", "127.0.0.1:99", "[::1]:7860"] {
        #expect(try await studio.get("/draw", headers: ["Host": host]).status == 200, "\(host)")
      }
    }
  }

  @Test("Requests of other sites' pages that would change something are refused")
  func origins() async throws {
    try await TestStudio.serve { studio in
      for headers in [
        ["Origin": "https://evil.example"], ["Origin": "null"], ["Origin": "http://127.0.0.1:1"],
        ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"],
      ] {
        for (method, path) in [
          ("POST", "/api/pictures"), ("DELETE", "/api/jobs/1"), ("PUT", "/api/pictures/1/star"),
          ("POST", "/api/runs/1/stop"), ("POST", "/api/runs/1/resume"),
        ] {
          let answer = try await studio.send(method, path, Self.order, headers: headers)
          #expect(answer.status == 403, "\(headers) \(method) \(path)")
        }
      }
      let own = try await studio.send(
        "POST", "/api/pictures", Self.order, headers: ["Origin": studio.address])
      #expect(own.status == 202)
      #expect(try await studio.get("/api/jobs").json().items.count == 1)
    }
  }

  @Test("Without the token nothing is answered; header, link, form and cookie let in")
  func token() async throws {
    try await TestStudio.serve(token: "open sesame") { studio in
      for path in ["/draw", "/runs", "/api/runs", "/api/pictures", "/draw?token=wrong"] {
        #expect(try await studio.get(path).status == 401, "\(path)")
      }
      let refused = try await studio.send("POST", "/api/pictures", Self.order)
      #expect(refused.status == 401)
      #expect(try refused.message.hasPrefix("The token is missing or wrong"))
      let wrong = try await studio.get("/draw", headers: ["Authorization": "Bearer open"])
      #expect(wrong.status == 401)
      let right = ["Authorization": "Bearer open sesame"]
      #expect(try await studio.get("/draw", headers: right).status == 200)

      let link = try await studio.get("/runs?token=open%20sesame")
      #expect(link.status == 303)
      #expect(link.headers["location"] == "/runs")
      let cookie = try #require(link.headers["set-cookie"])
      #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
      #expect(!cookie.contains("sesame"))
      let pair = String(cookie.prefix { $0 != ";" })
      #expect(try await studio.get("/runs", headers: ["Cookie": pair]).status == 200)
      let outside = try await studio.get("//evil.example/?token=open%20sesame")
      #expect(outside.headers["location"]?.hasPrefix("//") != true)

      let form = try await studio.send("POST", "/entrance", "token=open+sesame")
      #expect(form.status == 303 && form.headers["set-cookie"]?.hasPrefix(pair) == true)
      let failed = try await studio.send("POST", "/entrance", "token=%3Cb%3E")
      #expect(failed.status == 401 && failed.text.contains("This token is wrong"))
    }
  }

  @Test("Another address needs a token")
  func address() throws {
    for host in ["0.0.0.0", "192.168.1.9", "::", "studio.local", "127.evil.example"] {
      var settings = StudioSettings(
        project: ProjectFolder("nowhere"), program: TestStudio.executable, arguments: { _ in [] })
      settings.host = host
      #expect(throws: StudioServerError.needsToken(host: host)) { try StudioServer(settings) }
      settings.token = ""
      #expect(throws: StudioServerError.self) { try StudioServer(settings) }
      settings.token = "secret"
      _ = try StudioServer(settings)
    }
  }

  @Test("A host name that leads nowhere is an error with its name")
  func unknownHost() async throws {
    var settings = StudioSettings(
      project: ProjectFolder("nowhere"), program: TestStudio.executable, arguments: { _ in [] })
    (settings.host, settings.token) = ("nothing.invalid", "secret")
    let server = try StudioServer(settings)
    let error = await #expect(throws: StudioServerError.self) { try await server.run { _ in } }
    #expect(
      error
        == .cannotListen(
          host: "nothing.invalid", port: StudioSettings.standardPort, reason: "no such address"))
  }

  @Test(
    "No path leads out of the project",
    arguments: [
      "/assets/%s", "/pictures/%s", "/pictures/1/beside/%s", "/runs/%s", "/runs/%s/samples/1",
      "/runs/1/samples/%s", "/api/pictures/%s", "/api/pictures/%s/file", "/api/jobs/%s",
      "/api/jobs/%s/preview", "/api/runs/%s", "/api/runs/%s/pulse", "/api/runs/%s/events",
      "/api/processes/%s", "/api/runs/%s/checkpoints/1/adapter", "/api/exports/%s", "/campaigns/%s",
      "/campaigns/%s/files/a.png", "/api/campaigns/%s",
    ])
  func traversal(path: String) async throws {
    try await TestStudio.serve { studio in
      for part in [
        "..%2F..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "..", "%2e%2e", "1%2F..%2F1", "1%00",
        "-1", "9223372036854775808", "1%20", "0x1", "%E0%A4%A", "..%5C..%5Cetc",
      ] {
        let answer = try await studio.get(path.replacing("%s", with: part))
        #expect([400, 404].contains(answer.status), "\(part): \(answer.status)")
        #expect(!answer.text.contains("root:"))
      }
    }
  }

  @Test(
    "An order names no file of the computer",
    arguments: [
      (#""model": "/etc/passwd""#, 404), (#""model": "../base/demo""#, 404),
      (#""refiner": "/tmp""#, 404), (#""vae": "/etc/passwd""#, 404),
      (#""image": "/etc/passwd""#, 400), (#""image": "99""#, 404),
      (#""loras": ["/etc/passwd"]"#, 404), (#""loras": ["../runs.sqlite"]"#, 404),
      (#""loras": [".hidden.safetensors"]"#, 404), (#""run": "../1""#, 400),
      (#""run": "1""#, 404), (#""output": "/tmp/x.png""#, 400), (#""threads": 1"#, 400),
    ])
  func files(field: String, status: Int) async throws {
    try await TestStudio.serve { studio in
      let answer = try await studio.send(
        "POST", "/api/pictures", #"{"prompt": "a dog", \#(field)}"#)
      #expect(answer.status == status, "\(answer.text)")
      #expect(try await studio.get("/api/jobs").json().items.isEmpty)
    }
  }

  @Test(
    "A request that is no order is refused with a sentence",
    arguments: [
      ("", 400), ("{", 400), ("[]", 400), ("null", 400), (#""prompt""#, 400), ("{}", 400),
      (#"{"prompt": " "}"#, 400), (#"{"prompt": ["a"]}"#, 400), (#"{"prompt": {"a": 1}}"#, 400),
      (#"{"prompt": "a", "steps": "many"}"#, 400), (#"{"prompt": "a", "steps": 0}"#, 400),
      (#"{"prompt": "a", "stepz": 5}"#, 400), (#"{"prompt": "a", "seed": 1.5}"#, 400),
      (#"{"prompt": "a", "split": 0.5}"#, 400), (#"{"prompt": "a", "count": 1001}"#, 400),
    ])
  func malformed(body: String, status: Int) async throws {
    try await TestStudio.serve { studio in
      let answer = try await studio.send("POST", "/api/pictures", body)
      #expect(answer.status == status, "\(body): \(answer.text)")
      let message = try answer.message
      #expect(message.last == "." || message.last == "?", "\(message)")
      #expect(!message.contains("`") && !message.contains("--"), "\(message)")
    }
  }

  @Test(
    "A misspelt field is answered with the right one, a wrong value with its field, a wrong method with its name"
  )
  func hints() async throws {
    try await TestStudio.serve { studio in
      let misspelt = try await studio.send("POST", "/api/pictures", #"{"prompt": "a", "stepz": 5}"#)
      #expect(try misspelt.message == "There is no field stepz; did you mean steps?")
      let wrong = try await studio.send("POST", "/api/pictures", #"{"prompt": "a", "steps": 0}"#)
      #expect(try wrong.json()["error"]?["field"]?.text == "steps")
      let odd = try await studio.send("POST", "/api/pictures", #"{"prompt": "a", "width": 65}"#)
      #expect(try odd.message == "width is 65, but must be a multiple of 4.")
      #expect(try odd.json()["error"]?["field"]?.text == "width")
      let other = try await studio.send(
        "PUT", "/api/datasets/cube/settings", #"{"clas_word": "ball"}"#)
      #expect(try other.message == "There is no field clas_word; did you mean class_word?")
      let missing = try await studio.send("POST", "/api/datasets", "{}")
      #expect(try missing.message == "The field subject must be a name.")
      let unknown = try await studio.send("PUT", "/api/pictures", "{}")
      #expect(unknown.status == 404)
      #expect(
        try unknown.message
          == "There is no PUT /api/pictures; choose one of those in /api/openapi.json.")
    }
  }

  @Test("A request of more than a mebibyte is refused")
  func tooLarge() async throws {
    try await TestStudio.serve { studio in
      let body = #"{"prompt": "\#(String(repeating: "a", count: 2 << 20))"}"#
      let answer = try await studio.send("POST", "/api/pictures", body)
      #expect(answer.status == 413)
    }
  }

  @Test("HTML in prompts is text")
  func markup() async throws {
    try await TestStudio.serve { studio in
      let prompt = #"<script>alert(1)</script>"><img src=x onerror=alert(2)> & 'quoted' {{title}}"#
      let order = ["prompt": prompt, "steps": "1", "seed": "1"]
      let job = try await studio.draw(
        String(decoding: try JSONEncoder().encode(order), as: UTF8.self))
      #expect(job["title"]?.text == prompt)
      for path in ["/draw", "/pictures/1", "/pictures/1/beside/1"] {
        let page = try await studio.get(path).text
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "\(path)")
        #expect(!page.contains("<script>alert") && !page.contains("<img src=x"), "\(path)")
        #expect(page.contains("{{title}}"), "\(path)")
      }
      let missing = try await studio.get("/%3Cscript%3Ealert(1)%3C/script%3E")
      #expect(!missing.text.contains("<script>alert"))
    }
  }

  @Test("Every answer forbids foreign and inline scripts, also errors")
  func headers() async throws {
    try await TestStudio.serve(token: "t") { studio in
      let token = ["Authorization": "Bearer t"]
      for (path, headers) in [
        ("/draw", token), ("/runs", token), ("/nothing", token), ("/assets/studio.css", token),
        ("/api/runs", token), ("/api/nothing", token), ("/draw", [:]), ("/", token),
        ("/draw", ["Host": "evil.example"]),
      ] {
        let answer = try await studio.get(path, headers: headers)
        let policy = answer.headers["content-security-policy"] ?? ""
        #expect(policy.contains("script-src 'self';"), "\(path)")
        #expect(!policy.contains("unsafe"), "\(path)")
        #expect(answer.headers["x-content-type-options"] == "nosniff")
      }
    }
  }
}
