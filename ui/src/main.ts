import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import Alone from "./routes/Alone.svelte";
import App from "./routes/App.svelte";

const target = document.getElementById("app");
/** A window that is for one draft says which. */
const draft = new URLSearchParams(location.search).get("draft");
if (target && draft) mount(Alone, { target, props: { draft } });
else if (target) mount(App, { target });
