import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
	plugins: [svelte()],
	clearScreen: false,
	server: { port: 5173, strictPort: true, host: "127.0.0.1" },
	// The oldest web view we run in: WebKitGTK 2.40, Android System WebView 111, WKWebView of iOS 16.4.
	build: { target: ["safari16.4", "chrome111"], reportCompressedSize: false },
});
